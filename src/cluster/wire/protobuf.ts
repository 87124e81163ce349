// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import type { JsonObject } from './json.ts';

/*
 * Reading Protocol Buffers of the API server into what its JSON would have been. Only fields that
 * a message names are read, all others (managedFields, volumes, probes, environments) are stepped
 * over by their length: that is why a Pod in this form costs a fraction of its JSON. Facts:
 * protobuf.dev/programming-guides/encoding.
 */

/** How the value of a field is read. */
export type Kind =
  | 'text'
  | 'boolean'
  | 'integer'
  /** `metav1.Time`, as a Date; an empty one is left out. */
  | 'time'
  | 'message'
  | 'texts'
  | 'messages'
  /** Where the bytes of a field lie, see {@link Span}. */
  | 'span'
  | 'textMap'
  /** A map to `resource.Quantity`, as texts. */
  | 'quantityMap';

/** Part of a buffer: from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A field that is read. */
export interface Field {
  /** Its name in JSON. */
  readonly name: string;
  readonly kind: Kind;
  /** Of kinds `message` and `messages`. */
  readonly message?: Message | undefined;
}

/** The fields of a message that are read, by their number. */
export type Message = readonly (Field | undefined)[];

/** A message from its fields by number. */
export function messageOf(fields: Readonly<Record<number, Field>>): Message {
  const message: (Field | undefined)[] = [];
  for (const [number, field] of Object.entries(fields)) message[Number(number)] = field;
  return Array.from(message);
}

/** A field of a plain kind. */
export function field(name: string, kind: Exclude<Kind, 'message' | 'messages'>): Field {
  return { name, kind };
}

/** A field that holds a message, or with `messages` a list of them. */
export function nested(
  name: string,
  message: Message,
  kind: 'message' | 'messages' = 'message',
): Field {
  return { name, kind, message };
}

const EMPTY: Message = [];
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;
/** Numbers up to here are exact; a varint of more bytes is negative or not of ours. */
const EXACT_VARINT_BYTES = 7;
const LONGEST_VARINT_BYTES = 10;

/**
 * The named fields of a message as an object of JSON; times as Dates.
 * @param span where the message lies; default: all of the buffer
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for bytes that are no message
 */
export function decodeMessage(
  bytes: Buffer,
  message: Message,
  span: Span = { start: 0, end: bytes.length },
): JsonObject {
  return new Reader(bytes, span.start).message(message, span.end);
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  message(message: Message, end: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    while (this.#at < end) {
      const tag = this.#varint();
      const wire = tag & 7;
      const known = message[tag >>> 3];
      if (known === undefined) this.#skip(wire, end);
      else if (wire === BYTES) this.#lengthed(found, known, end);
      else if (wire === VARINT) this.#number(found, known);
      else throw unreadable(`field ${known.name} of wire type ${wire}`);
    }
    if (this.#at !== end) throw unreadable('a field that reaches beyond its message');
    return found;
  }

  #lengthed(found: Record<string, unknown>, known: Field, outer: number): void {
    const end = this.#end(outer);
    const { name, kind } = known;
    if (kind === 'texts' || kind === 'messages') {
      const list = (found[name] ??= []) as unknown[];
      list.push(kind === 'texts' ? this.#text(end) : this.message(known.message ?? EMPTY, end));
    } else if (kind === 'textMap' || kind === 'quantityMap') {
      this.#entry((found[name] ??= {}) as Record<string, string>, kind, end);
    } else {
      const value = this.#single(known, end);
      if (value !== undefined) found[name] = value;
    }
  }

  #single({ name, kind, message }: Field, end: number): unknown {
    switch (kind) {
      case 'text':
        return this.#text(end);
      case 'message':
        return this.message(message ?? EMPTY, end);
      case 'time':
        return this.#time(end);
      case 'span': {
        const span: Span = { start: this.#at, end };
        this.#at = end;
        return span;
      }
      default:
        throw unreadable(`field ${name} with a length`);
    }
  }

  #number(found: Record<string, unknown>, { name, kind }: Field): void {
    if (kind !== 'boolean' && kind !== 'integer') throw unreadable(`field ${name} as a number`);
    const value = this.#varint();
    found[name] = kind === 'boolean' ? value !== 0 : value;
  }

  /** An entry of a map is a message: 1 the key, 2 the value. */
  #entry(map: Record<string, string>, kind: Kind, end: number): void {
    let key = '';
    let value = '';
    while (this.#at < end) {
      const tag = this.#varint();
      if ((tag & 7) !== BYTES) {
        this.#skip(tag & 7, end);
        continue;
      }
      const inner = this.#end(end);
      if (tag >>> 3 === 1) key = this.#text(inner);
      else if (tag >>> 3 !== 2) this.#at = inner;
      else value = kind === 'textMap' ? this.#text(inner) : this.#quantity(inner);
    }
    if (this.#at !== end) throw unreadable('an entry that reaches beyond its map');
    // As JSON.parse does: a key of that name must not be taken for the prototype.
    if (key === '__proto__') {
      const own = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(map, key, own);
    } else map[key] = value;
  }

  /** `resource.Quantity` is a message with its text as field 1. */
  #quantity(end: number): string {
    let text = '';
    while (this.#at < end) {
      const tag = this.#varint();
      if (tag === ((1 << 3) | BYTES)) text = this.#text(this.#end(end));
      else this.#skip(tag & 7, end);
    }
    return text;
  }

  /** `metav1.Time` is seconds and nanoseconds; an absent time is an empty message. */
  #time(end: number): Date | undefined {
    if (this.#at === end) return undefined;
    let seconds = 0;
    while (this.#at < end) {
      const tag = this.#varint();
      if (tag === ((1 << 3) | VARINT)) seconds = this.#varint();
      else this.#skip(tag & 7, end);
    }
    return new Date(seconds * 1000);
  }

  #text(end: number): string {
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** Where a field with a length ends. */
  #end(outer: number): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > outer) throw unreadable('a field that reaches beyond its message');
    return end;
  }

  #skip(wire: number, end: number): void {
    if (wire === VARINT) this.#varint();
    else if (wire === BYTES) this.#at = this.#end(end);
    else if (wire === FIXED_64) this.#at += 8;
    else if (wire === FIXED_32) this.#at += 4;
    else throw unreadable(`wire type ${wire}`);
  }

  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] ?? 0;
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    for (let count = 1; count < EXACT_VARINT_BYTES; count += 1) {
      byte = bytes[this.#at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    return this.#longVarint(BigInt(value));
  }

  /** The rest of a varint of which seven bytes are read, as the int64 that it is. */
  #longVarint(low: bigint): number {
    let value = low;
    for (let count = EXACT_VARINT_BYTES; count < LONGEST_VARINT_BYTES; count += 1) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += BigInt(byte & 127) << BigInt(7 * count);
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw unreadable('a number of more than ten bytes');
  }
}

function unreadable(found: string): PerihelionError {
  return new PerihelionError(
    'PERI_KUBERNETES_OBJECT',
    `protobuf: found ${found}, expected a message as the API server writes it`,
  );
}

// SPDX-License-Identifier: Apache-2.0
import { decodeEvent } from '#cluster/wire/protobuf-envelope.ts';
import { IDENTITY, STATUS } from '#cluster/wire/protobuf-messages.ts';
import type { Message, Span } from '#cluster/wire/protobuf.ts';
import type { WatchLine, WatchReader } from './lines.ts';

/** A frame begins with its length as an unsigned 32-bit number, most significant byte first. */
const LENGTH_BYTES = 4;
/** A frame longer than this is garbage: an object in etcd has at most 1.5 MiB. */
const MAXIMUM_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * The events of a watch in protobuf from the bytes of its body, whatever the borders of the chunks.
 * As with lines of JSON, a frame that was cut off by the end of the stream is left out.
 */
export class FrameReader implements WatchReader {
  readonly #messages: ReadonlyMap<string, Message>;
  readonly #messageFor = (type: string): Message => this.#messages.get(type) ?? IDENTITY;
  #head: Buffer[] = [];
  /** Bytes in `head`, and how many are wanted before it is looked at again. */
  #length = 0;
  #wanted = LENGTH_BYTES;

  /**
   * @param message what the objects of the watch are read by; of those that are gone, and of
   *   bookmarks, only the identity is read
   */
  constructor(message: Message) {
    this.#messages = new Map([
      ['ADDED', message],
      ['MODIFIED', message],
      ['ERROR', STATUS],
    ]);
  }

  push(chunk: Uint8Array): WatchLine[] {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#length === 0) return this.#read(fresh);
    this.#head.push(fresh);
    this.#length += fresh.length;
    // A long frame must not cost the square of its chunks.
    if (this.#length < this.#wanted) return [];
    const joined = Buffer.concat(this.#head, this.#length);
    this.#head = [];
    this.#length = 0;
    return this.#read(joined);
  }

  end(): WatchLine[] {
    return [];
  }

  /** Reads every whole frame, and keeps what is left for the next chunk. */
  #read(bytes: Buffer): WatchLine[] {
    const lines: WatchLine[] = [];
    let at = 0;
    this.#wanted = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(at);
      if (length > MAXIMUM_FRAME_BYTES) return [...lines, { kind: 'garbage' }];
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) {
        this.#wanted = LENGTH_BYTES + length;
        break;
      }
      lines.push(this.#event(bytes, { start: at + LENGTH_BYTES, end }));
      at = end;
    }
    if (at < bytes.length) {
      this.#head = [at === 0 ? bytes : bytes.subarray(at)];
      this.#length = bytes.length - at;
    }
    return lines;
  }

  #event(bytes: Buffer, span: Span): WatchLine {
    try {
      return { kind: 'event', ...decodeEvent(bytes, span, this.#messageFor) };
    } catch {
      return { kind: 'garbage' };
    }
  }
}

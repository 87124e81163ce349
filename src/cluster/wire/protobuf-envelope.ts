// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { asText, isObject, type JsonObject } from './json.ts';
import { decodeMessage, field, messageOf, nested, type Message, type Span } from './protobuf.ts';

/*
 * What the API server puts around objects in protobuf. Facts: apimachinery
 * `pkg/runtime/serializer/protobuf/doc.go` and `pkg/runtime/generated.proto`.
 */

/** Media type of objects in protobuf; of a watch with `;stream=watch` behind it. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** `k8s` and a zero: what every object begins with. */
const MAGIC = 0x6b_38_73_00;
const MAGIC_BYTES = 4;
/** `runtime.Unknown`: the object's own message is in `raw`. */
const UNKNOWN = messageOf({ 2: field('raw', 'span') });
/** `meta/v1` WatchEvent; its object is a `runtime.RawExtension`. */
const EVENT = messageOf({
  1: field('type', 'text'),
  2: nested('object', messageOf({ 1: field('raw', 'span') })),
});

/** Whether an answer of that content type is protobuf. */
export function isProtobuf(contentType: string): boolean {
  return contentType.startsWith(PROTOBUF);
}

/** An `Accept` header that asks for protobuf before the JSON that it names. */
export function protobufFirst(accept: string): string {
  return `${accept.replaceAll('application/json', PROTOBUF)},${accept}`;
}

/**
 * The object of an answer, as its JSON would be.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for bytes that are no object
 */
export function decodeObject(
  bytes: Buffer,
  message: Message,
  span: Span = { start: 0, end: bytes.length },
): JsonObject {
  const { start, end } = span;
  if (end - start < MAGIC_BYTES || bytes.readUInt32BE(start) !== MAGIC) {
    throw unreadable('bytes without the mark of an object');
  }
  const { raw } = decodeMessage(bytes, UNKNOWN, { start: start + MAGIC_BYTES, end });
  if (!isSpan(raw)) throw unreadable('an envelope without an object');
  return decodeMessage(bytes, message, raw);
}

/**
 * One event of a watch.
 * @param messageFor what its object is read by, from the type of the event
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for bytes that are no event
 */
export function decodeEvent(
  bytes: Buffer,
  span: Span,
  messageFor: (type: string) => Message,
): { readonly type: string; readonly object: JsonObject } {
  const event = decodeMessage(bytes, EVENT, span);
  const type = asText(event['type']);
  const raw = isObject(event['object']) ? event['object']['raw'] : undefined;
  if (type === '' || !isSpan(raw)) throw unreadable('an event without type or object');
  return { type, object: decodeObject(bytes, messageFor(type), raw) };
}

function isSpan(value: unknown): value is Span {
  return isObject(value) && typeof value['start'] === 'number' && typeof value['end'] === 'number';
}

function unreadable(found: string): PerihelionError {
  return new PerihelionError(
    'PERI_KUBERNETES_OBJECT',
    `protobuf: found ${found}, expected an object in runtime.Unknown`,
  );
}

// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import { asObject, type JsonObject } from '#cluster/wire/json.ts';
import { decodeObject, isProtobuf, protobufFirst } from '#cluster/wire/protobuf-envelope.ts';
import { STATUS } from '#cluster/wire/protobuf-messages.ts';
import type { Message } from '#cluster/wire/protobuf.ts';
import type { CallOptions } from './kube-api.ts';

/** The header `accept` of a call. */
export function acceptOf({ accept = 'application/json', protobuf }: CallOptions): string {
  return protobuf === undefined ? accept : protobufFirst(accept);
}

/** The content type of an answer; empty where it has none. */
export function contentTypeOf(answer: Dispatcher.ResponseData): string {
  const type = answer.headers['content-type'];
  return typeof type === 'string' ? type : '';
}

/**
 * The object in an answer, whichever encoding the server chose.
 * @throws SyntaxError or PerihelionError for a body that is not what it says it is
 */
export async function objectOf(
  answer: Dispatcher.ResponseData,
  message: Message | undefined,
): Promise<JsonObject> {
  if (message !== undefined && isProtobuf(contentTypeOf(answer))) {
    return decodeObject(Buffer.from(await answer.body.arrayBuffer()), message);
  }
  return asObject(JSON.parse(await answer.body.text()));
}

/** The body of a refusal as text; one in protobuf as the JSON that it would have been. */
export async function refusalOf(answer: Dispatcher.ResponseData): Promise<string> {
  if (!isProtobuf(contentTypeOf(answer))) return answer.body.text();
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  try {
    return JSON.stringify(decodeObject(bytes, STATUS));
  } catch {
    return '';
  }
}

// SPDX-License-Identifier: Apache-2.0
import { TextDecoder } from 'node:util';
import { asText, isObject, type JsonObject } from './json.ts';

/** One line of a watch: an event, or something that cannot be read as one. */
export type WatchLine =
  | { readonly kind: 'event'; readonly type: string; readonly object: JsonObject }
  | { readonly kind: 'garbage' };

/** A line longer than this is garbage: an object in etcd has at most 1.5 MiB. */
const MAXIMUM_LINE_CHARACTERS = 16 * 1024 * 1024;

/**
 * The events of a watch from the bytes of its body, whatever the borders of the chunks: lines and
 * UTF-8 sequences may be split anywhere. A line that was cut off by the end of the stream is left
 * out (the reader resumes from the last event it has seen); anything else that is not an event is
 * reported as garbage.
 */
export async function* watchLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WatchLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let text: string | undefined = decode(decoder, chunk);
    if (text === undefined || length + text.length > MAXIMUM_LINE_CHARACTERS) {
      yield { kind: 'garbage' };
      return;
    }
    // Only the new text is searched: a long line must not cost the square of its chunks.
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      const line: string = pieces.join('') + text.slice(0, end);
      text = text.slice(end + 1);
      pieces = [];
      length = 0;
      if (line.trim() !== '') yield parseLine(line);
    }
    pieces.push(text);
    length += text.length;
  }
  const rest = parseLine(pieces.join(''));
  if (rest.kind === 'event') yield rest;
}

function decode(decoder: TextDecoder, chunk: Uint8Array): string | undefined {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    return undefined;
  }
}

function parseLine(line: string): WatchLine {
  try {
    const value: unknown = JSON.parse(line);
    if (!isObject(value)) return { kind: 'garbage' };
    const { type, object } = value;
    if (asText(type) === '' || !isObject(object)) return { kind: 'garbage' };
    return { kind: 'event', type: asText(type), object };
  } catch {
    return { kind: 'garbage' };
  }
}

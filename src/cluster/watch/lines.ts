// SPDX-License-Identifier: Apache-2.0
import { TextDecoder } from 'node:util';
import { asText, isObject, type JsonObject } from '#cluster/wire/json.ts';

/** One line of a watch: an event, or something that cannot be read as one. */
export type WatchLine =
  | { readonly kind: 'event'; readonly type: string; readonly object: JsonObject }
  | { readonly kind: 'garbage' };

/**
 * Reads the events of a watch from the bytes of its body, whatever the borders of the chunks. What
 * is garbage is told as such; whoever reads gives the watch up then and pushes nothing more.
 */
export interface WatchReader {
  /** What is complete with this chunk. The chunk is not changed, and may be kept until the next. */
  push(chunk: Uint8Array): readonly WatchLine[];
  /** What the end of the stream completes. */
  end(): readonly WatchLine[];
}

/** A line longer than this is garbage: an object in etcd has at most 1.5 MiB. */
const MAXIMUM_LINE_CHARACTERS = 16 * 1024 * 1024;

/**
 * The events of a watch in JSON, one to a line: lines and UTF-8 sequences may be split anywhere. A
 * line that was cut off by the end of the stream is left out (the reader resumes from the last
 * event it has seen); anything else that is not an event is reported as garbage.
 */
export class LineReader implements WatchReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #pieces: string[] = [];
  #length = 0;

  push(chunk: Uint8Array): WatchLine[] {
    const text = decode(this.#decoder, chunk);
    if (text === undefined || this.#length + text.length > MAXIMUM_LINE_CHARACTERS) {
      return [{ kind: 'garbage' }];
    }
    const lines: WatchLine[] = [];
    let start = 0;
    // Only the new text is searched: a long line must not cost the square of its chunks.
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = this.#take(text.slice(start, end));
      if (line.trim() !== '') lines.push(parseLine(line));
      start = end + 1;
    }
    if (start < text.length) {
      this.#pieces.push(text.slice(start));
      this.#length += text.length - start;
    }
    return lines;
  }

  end(): WatchLine[] {
    const rest = parseLine(this.#take(''));
    return rest.kind === 'event' ? [rest] : [];
  }

  /** What was kept of the line, and its last piece. */
  #take(last: string): string {
    if (this.#pieces.length === 0) return last;
    const line = this.#pieces.join('') + last;
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
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

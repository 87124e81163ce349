// SPDX-License-Identifier: Apache-2.0

/** One event of a stream. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/**
 * Reads a stream of server-sent events from pieces of text that may end anywhere; the browser's own
 * reader cannot send a token.
 */
export class EventParser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** The events that this piece completes. */
  push(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === '') {
      const data = this.#data.join('\n');
      const event = { name: this.#name === '' ? 'message' : this.#name, data };
      const complete = this.#data.length > 0;
      this.#name = '';
      this.#data = [];
      return complete ? [event] : [];
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }
}

/** The n-th pause before another try, in milliseconds: doubling to half a minute, with jitter. */
export function reconnectPause(attempt: number, random: number): number {
  const ceiling = Math.min(30_000, 1000 * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (random * ceiling) / 2;
}

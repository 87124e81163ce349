// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { StreamEvents } from '#dashboard/api/api-stream.ts';

/** Settings of an {@link EventHub}. */
export interface EventHubOptions {
  /** Milliseconds since the epoch, by the product's clock. */
  readonly now: () => number;
  /** Streams at once; the next one is refused. Default 64. */
  readonly streams?: number | undefined;
  /** A stream is ended after this, so that its right to read is looked at again. Default 300. */
  readonly longestSeconds?: number | undefined;
  /** Between two beats. Default 5. */
  readonly beatSeconds?: number | undefined;
}

/** A reader that is so far behind is cut off; it comes back and asks for everything anew. */
const MOST_BEHIND_BYTES = 1024 * 1024;

/** Server-sent events to every open page. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #streams = new Map<ServerResponse, NodeJS.Timeout>();
  readonly #beats: NodeJS.Timeout;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#beats = setInterval(() => this.#beat(), (options.beatSeconds ?? 5) * 1000);
    this.#beats.unref();
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether another stream would be too many. */
  get full(): boolean {
    return this.#streams.size >= (this.#options.streams ?? 64);
  }

  /** Takes over a response whose head is written. */
  add(response: ServerResponse): void {
    const { longestSeconds = 300 } = this.#options;
    const timer = setTimeout(() => response.end(), longestSeconds * 1000);
    timer.unref();
    this.#streams.set(response, timer);
    response.once('close', () => {
      clearTimeout(timer);
      this.#streams.delete(response);
    });
    response.write(textOf('beat', { time: this.#options.now() }));
  }

  /** Tells every open page. */
  send<E extends keyof StreamEvents>(event: E, data: StreamEvents[E]): void {
    if (this.#streams.size === 0) return;
    const text = textOf(event, data);
    for (const response of this.#streams.keys()) {
      // Ended, and its reader has not taken the rest yet: another write would be an exception.
      if (response.writableEnded) continue;
      if (response.writableLength > MOST_BEHIND_BYTES) response.destroy();
      else response.write(text);
    }
  }

  /** Ends every stream. */
  close(): void {
    clearInterval(this.#beats);
    for (const response of this.#streams.keys()) response.end();
  }

  #beat(): void {
    // Whoever does not even take the end of a stream would keep its place for good.
    for (const response of this.#streams.keys()) if (response.writableEnded) response.destroy();
    this.send('beat', { time: this.#options.now() });
  }
}

function textOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

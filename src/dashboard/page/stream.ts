// SPDX-License-Identifier: Apache-2.0
import type { StreamEvents } from '#dashboard/api/api-stream.ts';
import { type Client, HttpError } from './client.ts';
import { EventParser, reconnectPause } from './sse-parser.ts';

/** How the connection stands. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Times by the browser's clock. */
  | { readonly kind: 'lost'; readonly heardAt: number | undefined; readonly retryAt: number };

/** What a stream tells. */
export interface StreamListener {
  onConnection(connection: Connection): void;
  /** After every connection but the first: what was missed has to be asked for. */
  onReconnected(): void;
  onEvent<E extends keyof StreamEvents>(name: E, data: StreamEvents[E]): void;
  /** The right to read is gone. */
  onRefused(error: HttpError): void;
}

/** Three beats missed: whatever the socket says, nobody is there. */
const SILENCE_MILLISECONDS = 15_000;

/** Keeps one stream of events open, and says how that goes. */
export class EventStream {
  readonly #client: Client;
  readonly #listener: StreamListener;
  #heardAt: number | undefined;
  #attempt = 0;
  #ended = false;
  #current = new AbortController();

  constructor(client: Client, listener: StreamListener) {
    this.#client = client;
    this.#listener = listener;
  }

  /** When the server was last heard, by the browser's clock. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /** Connects again and again until {@link end}. */
  async run(): Promise<void> {
    this.#listener.onConnection({ kind: 'connecting' });
    while (!this.#ended) {
      try {
        await this.#once();
      } catch (error) {
        if (error instanceof HttpError && (error.status === 401 || error.status === 403)) {
          this.#ended = true;
          this.#listener.onRefused(error);
          return;
        }
      }
      if (!this.#isEnded()) await this.#pause();
    }
  }

  /** Does not wait any longer for the next try. */
  retryNow(): void {
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#current.abort();
    this.#wake?.();
  }

  #wake: (() => void) | undefined;

  #isEnded(): boolean {
    return this.#ended;
  }

  async #once(): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    let silence: number | undefined;
    const heard = (): void => {
      this.#heardAt = Date.now();
      clearTimeout(silence);
      silence = setTimeout(() => current.abort(), SILENCE_MILLISECONDS);
    };
    silence = setTimeout(() => current.abort(), SILENCE_MILLISECONDS);
    try {
      const response = await this.#client.open('/api/stream', current.signal);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      let opened = false;
      for (;;) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) return;
        heard();
        if (!opened) this.#opened();
        opened = true;
        for (const { name, data } of parser.push(piece.value)) {
          this.#listener.onEvent(name as keyof StreamEvents, JSON.parse(data) as never);
        }
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #opened(): void {
    const again = this.#seen;
    this.#seen = true;
    this.#attempt = 0;
    this.#listener.onConnection({ kind: 'live' });
    if (again) this.#listener.onReconnected();
  }

  #seen = false;

  async #pause(): Promise<void> {
    // An ended stream is usual (it is ended now and then): the first try comes soon.
    const pause = reconnectPause(this.#attempt, Math.random());
    this.#attempt += 1;
    const retryAt = Date.now() + pause;
    this.#listener.onConnection({ kind: 'lost', heardAt: this.#heardAt, retryAt });
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, pause);
    });
    this.#wake = undefined;
  }
}

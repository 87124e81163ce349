// SPDX-License-Identifier: Apache-2.0
import { finished, type Readable } from 'node:stream';

/** How chunks are gathered. */
export interface GatherOptions {
  /** While a stream is busy it is looked at once in so long; 0 = chunk by chunk. */
  readonly pauseMilliseconds: number;
  /** Milliseconds on any scale. */
  readonly now: () => number;
}

/** Bytes that end a pause before its time. */
const FULL_BYTES = 256 * 1024;

/**
 * The chunks of a stream, several at a time while they follow closely. A watch sends every event by
 * itself, and most of what an event costs its reader is beginning: waking up, and code and data that
 * the processor's caches have lost since. Events that wait for each other share that. The first
 * chunk after silence is given at once, so that what is rare is not late; a pause in which no more than
 * one has come is the last.
 *
 * What had arrived before the stream failed is given before the failure is thrown; leaving the loop
 * destroys the stream.
 */
export async function* gathered(
  stream: Readable,
  { pauseMilliseconds, now }: GatherOptions,
): AsyncGenerator<readonly Uint8Array[]> {
  const arrived = new Arrived(stream);
  let lastAt = -Infinity;
  let paused = false;
  try {
    for (;;) {
      await arrived.something();
      const chunks = arrived.take();
      if (chunks.length === 0) break;
      const at = now();
      yield chunks;
      paused = paused ? chunks.length > 1 : at - lastAt < pauseMilliseconds;
      lastAt = at;
      if (paused) await arrived.pause(pauseMilliseconds);
    }
    if (arrived.failure !== undefined) throw arrived.failure;
  } finally {
    stream.destroy();
  }
}

/** What of a stream has arrived and was not taken yet. */
class Arrived {
  failure: Error | undefined;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  #wakeAtBytes = 1;

  constructor(stream: Readable) {
    // Not by its iterator: that stops and starts the stream's source at every chunk.
    stream.on('data', (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.byteLength;
      if (this.#bytes >= this.#wakeAtBytes) this.#wake?.();
    });
    finished(stream, { writable: false }, (error) => {
      this.#ended = true;
      this.failure = error ?? undefined;
      this.#wake?.();
    });
  }

  /** Waits for a chunk, or the end. */
  async something(): Promise<void> {
    if (this.#chunks.length > 0 || this.#ended) return;
    await this.#until(1, undefined);
  }

  /** Waits, but not longer than until the stream has ended or a lot has arrived. */
  async pause(milliseconds: number): Promise<void> {
    if (this.#ended || this.#bytes >= FULL_BYTES) return;
    await this.#until(FULL_BYTES, milliseconds);
  }

  take(): readonly Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  async #until(bytes: number, milliseconds: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    this.#wakeAtBytes = bytes;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (milliseconds !== undefined) timer = setTimeout(resolve, milliseconds);
    });
    this.#wake = undefined;
    clearTimeout(timer);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import { GENESIS } from './chain.ts';
import type { ChainHead } from './sink.ts';
import type { LineTarget } from './target.ts';

/**
 * Lines on a stream, normally standard output: the container's log keeps and rotates them. Each
 * start of the process begins a new chain, since a stream cannot be read back.
 */
export class StreamTarget implements LineTarget {
  readonly rotations = 0;
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  open(): Promise<ChainHead> {
    // Without a listener a reader that goes away (EPIPE) would end the process.
    this.#stream.on('error', ignore);
    return Promise.resolve(GENESIS);
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      // A copy: a stream may hold on to what it was given for longer than until it says it is done.
      this.#stream.write(Buffer.from(bytes), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** The stream is not ours to end. */
  close(): Promise<void> {
    this.#stream.off('error', ignore);
    return Promise.resolve();
  }
}

function ignore(): void {
  // `append` rejects with the same error.
}

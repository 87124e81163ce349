// SPDX-License-Identifier: Apache-2.0
import type { ChainHead } from './sink.ts';

/** Where lines end up: a file that rotates, or a stream. */
export interface LineTarget {
  /**
   * Makes ready for appending and tells where the chain of earlier lines stands. Called again
   * after it failed. Rejects with the system's error.
   */
  open(): Promise<ChainHead>;
  /**
   * Appends whole lines. Rejects with the system's error; a file then holds none of them, so that
   * the same text can be tried again.
   */
  append(text: string): Promise<void>;
  /** Releases what `open` took. */
  close(): Promise<void>;
  readonly rotations: number;
}

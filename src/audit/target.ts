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
   * Appends whole lines, UTF-8. Rejects with the system's error; a file then holds none of them, so
   * that the same lines can be tried again. The bytes are the caller's again once it is over.
   */
  append(bytes: Uint8Array): Promise<void>;
  /** Releases what `open` took. */
  close(): Promise<void>;
  readonly rotations: number;
}

// SPDX-License-Identifier: Apache-2.0

/** Longest input that is tried; a longer one is cut. */
export const LONGEST_INPUT_BYTES = 256 * 1024;

const HEAD_BYTES = 8;

/**
 * The input being tried, in memory that both threads see: when the worker hangs or dies, the main
 * thread still has it.
 */
export class Mailbox {
  readonly memory: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory = new SharedArrayBuffer(HEAD_BYTES + LONGEST_INPUT_BYTES)) {
    this.memory = memory;
    this.#head = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, HEAD_BYTES);
  }

  /** Leaves an input, before it is tried. */
  post(input: Buffer): void {
    this.#bytes.set(input);
    Atomics.store(this.#head, 1, input.length);
    Atomics.add(this.#head, 0, 1);
  }

  /** How many inputs were left so far. */
  get count(): number {
    return Atomics.load(this.#head, 0);
  }

  /** The last input left. */
  take(): Buffer {
    return Buffer.from(this.#bytes.slice(0, Atomics.load(this.#head, 1)));
  }
}

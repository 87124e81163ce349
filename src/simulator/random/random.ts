// SPDX-License-Identifier: Apache-2.0

/**
 * A small seeded generator (sfc32: three 32-bit words of state and a counter). The same seed gives
 * the same sequence on every machine, so that a simulation can be repeated bit for bit.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Seeds the generator from any integer and an optional stream name. */
  constructor(seed: number, stream = '') {
    let hash = 0x811c9dc5;
    for (let i = 0; i < stream.length; i++) {
      hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193);
    }
    this.#a = seed | 0;
    this.#b = hash | 0;
    this.#c = Math.floor(seed / 0x100000000) | 0;
    for (let i = 0; i < 15; i++) this.#word();
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number {
    return (this.#word() >>> 0) / 0x100000000;
  }

  /** Uniform integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Exponentially distributed with this mean (same unit as the mean). */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** A new array with the items in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = result[i] as T;
      result[i] = result[j] as T;
      result[j] = swap;
    }
    return result;
  }

  /** `length` characters drawn from `alphabet`. */
  text(length: number, alphabet: string): string {
    let result = '';
    for (let i = 0; i < length; i++) result += alphabet.charAt(this.integer(alphabet.length));
    return result;
  }

  #word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum;
  }
}

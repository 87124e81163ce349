// SPDX-License-Identifier: Apache-2.0

/** Values that wait at most. */
const LIMIT = 256;

/**
 * Values for a histogram of the metrics library, which gets many at once: one by one, each would bring all
 * of the library's code and buckets into the processor's caches anew.
 */
export class Observations {
  readonly #take: (value: number) => void;
  readonly #waiting: number[] = [];

  /** @param take the histogram's own `observe` */
  constructor(take: (value: number) => void) {
    this.#take = take;
  }

  /** Takes in one value. */
  observe(value: number): void {
    this.#waiting.push(value);
    if (this.#waiting.length >= LIMIT) this.fetch();
  }

  /** Hands over what waits. To be called when the histogram is asked for its figures. */
  fetch(): void {
    for (const value of this.#waiting) this.#take(value);
    this.#waiting.length = 0;
  }
}

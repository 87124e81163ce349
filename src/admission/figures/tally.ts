// SPDX-License-Identifier: Apache-2.0

/**
 * Counts by one word, for a counter of the metrics library to fetch when it is asked for its figures:
 * the library checks and hashes the labels with every count.
 */
export class Tally<Word extends string> {
  readonly #counts = new Map<Word, number>();

  /** @param words those that are shown from the start, at 0 */
  constructor(words: readonly Word[]) {
    for (const word of words) this.#counts.set(word, 0);
  }

  /** Counts one. */
  inc(word: Word): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }

  /** Hands over what was counted since the last time, word by word; 0 too. */
  fetch(take: (word: Word, count: number) => void): void {
    for (const [word, count] of this.#counts) {
      take(word, count);
      this.#counts.set(word, 0);
    }
  }
}

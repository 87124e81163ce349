// SPDX-License-Identifier: Apache-2.0

/** Answers that count: more than the API servers of any cluster, so that one of them cannot lie. */
const ANSWERS = 15;

/** A `Date` header is cut off to the second: on average half of one has gone by. */
const HALF_A_SECOND = 500;

/**
 * Clocks further apart than this (milliseconds) cannot measure the same window: more than any clock
 * that is kept, and less than a learner waits after a window for its last samples.
 */
export const MOST_OFFSET_MILLISECONDS = 10_000;

/**
 * How far the clock of this process is from that of the API server, from the `Date` headers of its
 * answers: creation times of Pods are of that clock, windows are measured by it. The median of the
 * last answers counts, so that neither a slow answer nor one API server of three decides.
 */
export class ServerClock {
  readonly #offsets: number[] = [];

  /**
   * Takes in one answer.
   * @param header its `Date` header; anything that is no date is left out
   * @param now the clock of this process when it came, milliseconds since the epoch
   */
  note(header: string | readonly string[] | undefined, now: number): void {
    const told = typeof header === 'string' ? Date.parse(header) : Number.NaN;
    if (Number.isNaN(told)) return;
    this.#offsets.push(now - told - HALF_A_SECOND);
    if (this.#offsets.length > ANSWERS) this.#offsets.shift();
  }

  /** Milliseconds that this process is ahead; negative = behind, undefined = no answer yet. */
  get offsetMilliseconds(): number | undefined {
    if (this.#offsets.length === 0) return undefined;
    const sorted = this.#offsets.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  /** Why this process can judge no time, one line; undefined = it can, as far as is known. */
  get problem(): string | undefined {
    const offset = this.offsetMilliseconds;
    if (offset === undefined || Math.abs(offset) <= MOST_OFFSET_MILLISECONDS) return undefined;
    const seconds = Math.round(Math.abs(offset) / 1000);
    return `the clock is ${seconds} s ${offset > 0 ? 'ahead of' : 'behind'} the API server's`;
  }
}

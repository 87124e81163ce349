// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';

/**
 * When requests came and went last. Times are of one monotonic clock, ms. Those under way are not
 * counted: one that never sends its body would be there for ever.
 */
export class Traffic {
  readonly #elapsed: () => number;
  #cameAt: number;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
    this.#cameAt = elapsed();
  }

  /** When the last request came; before the first one, when this was made. */
  get cameAt(): number {
    return this.#cameAt;
  }

  /** A request came, and goes with its response. @returns when, ms */
  came(response: ServerResponse): number {
    response.once('close', () => (this.#lastAt = this.#elapsed()));
    return (this.#cameAt = this.#lastAt = this.#elapsed());
  }

  /** Whether none came or went for so long. */
  quietFor(milliseconds: number): boolean {
    return this.#elapsed() - this.#lastAt >= milliseconds;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** Bounds of a backoff, in milliseconds. */
export interface BackoffBounds {
  readonly baseMilliseconds: number;
  readonly capMilliseconds: number;
}

/**
 * Capped exponential backoff with full jitter: the n-th delay is uniform in
 * `[0, min(cap, base * 2^n))`, so that replicas that failed together do not come back together.
 */
export class Backoff {
  readonly #bounds: BackoffBounds;
  readonly #random: () => number;
  #attempt = 0;

  /** @param random uniform in [0, 1) */
  constructor(bounds: BackoffBounds, random: () => number) {
    this.#bounds = bounds;
    this.#random = random;
  }

  /** Failures since the last {@link reset}. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const { baseMilliseconds, capMilliseconds } = this.#bounds;
    const ceiling = Math.min(capMilliseconds, baseMilliseconds * 2 ** Math.min(this.#attempt, 40));
    this.#attempt += 1;
    return this.#random() * ceiling;
  }

  /** Starts from the base again, after a success. */
  reset(): void {
    this.#attempt = 0;
  }
}

/** Waits; ends early, without an error, when the signal is aborted. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

/** A {@link Sleep} on the timers of Node. */
export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal?.addEventListener('abort', finish, { once: true });
  });

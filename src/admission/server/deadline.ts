// SPDX-License-Identifier: Apache-2.0

/** Share of the caller's time that is left for the answer's way back. */
const MARGIN_RATIO = 0.1;

/** What the API server uses where a webhook configuration names no time-out. */
const FALLBACK_SECONDS = 10;

/** Bounds that the API server sets for the time-out of a webhook, in seconds. */
const SHORTEST_SECONDS = 1;
const LONGEST_SECONDS = 30;

/** Thrown by {@link Deadline.checkpoint}. */
export class DeadlineError extends Error {
  constructor() {
    super('the time that the API server gives ran out');
    this.name = 'DeadlineError';
  }
}

/** The time until which an answer still counts. */
export class Deadline {
  readonly #elapsed: () => number;
  readonly #end: number;

  /** `elapsed` is a monotonic clock in milliseconds; `end` is a time of it. */
  constructor(elapsed: () => number, end: number) {
    this.#elapsed = elapsed;
    this.#end = end;
  }

  /** Whether the time is up. */
  get expired(): boolean {
    return this.#elapsed() >= this.#end;
  }

  /** @throws DeadlineError when the time is up. */
  checkpoint(): void {
    if (this.expired) throw new DeadlineError();
  }
}

/**
 * The deadline of a request that arrived at `arrivedAt` (of `elapsed`), from the `timeout=Ns` that
 * the API server puts in the query, less a margin for the way back.
 */
export function deadlineOf(url: string, arrivedAt: number, elapsed: () => number): Deadline {
  const milliseconds = timeoutSecondsOf(url) * 1000 * (1 - MARGIN_RATIO);
  return new Deadline(elapsed, arrivedAt + milliseconds);
}

/** Whole seconds of the `timeout` parameter, within the API server's bounds; 10 if unusable. */
export function timeoutSecondsOf(url: string): number {
  const question = url.indexOf('?');
  if (question < 0) return FALLBACK_SECONDS;
  const text = new URLSearchParams(url.slice(question + 1)).get('timeout') ?? '';
  const seconds = /^(\d{1,6})s$/.exec(text)?.[1];
  if (seconds === undefined) return FALLBACK_SECONDS;
  return Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, Number(seconds)));
}

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Window } from '#telemetry/reading/source.ts';
import type { Measurement } from './sources.ts';

/** What an {@link Observer} is made of. */
export interface ObserverOptions {
  readonly measure: (window: Window) => Promise<Measurement>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed: () => number;
  /** Length of the window. */
  readonly windowSeconds: number;
  /** Between the end of the window and now: its last samples are still on their way. */
  readonly delaySeconds: number;
  /** Between two windows while somebody looks. */
  readonly intervalSeconds: number;
  readonly onMeasured: (measurement: Measurement) => void;
  readonly onProblem: (error: unknown) => void;
}

/**
 * Asks telemetry about the last window, only while somebody looks: a page that nobody has open
 * costs no query, and a hundred open pages cost as much as one.
 */
export class Observer {
  readonly #options: ObserverOptions;
  #last: Measurement | undefined;
  #problem: string | undefined;
  #askedAt: number | undefined;
  #asking: Promise<void> | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** The last window that had an answer. */
  get last(): Measurement | undefined {
    return this.#last;
  }

  /** Why the newest window has no answer; undefined if it has one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Asks now. Never two at once, and never rejects. */
  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** For a request that finds nothing yet: waits for the first answer, but never for a later one. */
  async first(): Promise<void> {
    if (this.#askedAt === undefined || this.#asking !== undefined) {
      if (this.#last === undefined) await this.refresh();
    }
  }

  /** Asks every interval while `isWatched`, until the signal. */
  async run(isWatched: () => boolean, signal: AbortSignal): Promise<void> {
    const { intervalSeconds, elapsed } = this.#options;
    const step = Math.min(1000, intervalSeconds * 1000);
    while (!signal.aborted) {
      const due = elapsed() - (this.#askedAt ?? -Infinity) >= intervalSeconds * 1000;
      if (due && isWatched()) await this.refresh();
      await sleep(step, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #ask(): Promise<void> {
    const { now, elapsed, windowSeconds, delaySeconds, measure } = this.#options;
    this.#askedAt = elapsed();
    const to = now() - delaySeconds * 1000;
    try {
      this.#last = await measure({ from: to - windowSeconds * 1000, to });
      this.#problem = undefined;
      this.#options.onMeasured(this.#last);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : 'telemetry does not answer';
      this.#options.onProblem(error);
    }
  }
}

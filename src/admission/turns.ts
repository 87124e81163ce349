// SPDX-License-Identifier: Apache-2.0

/** What {@link Turns} needs. */
export interface TurnsOptions {
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  /** Jobs begun in one turn of the event loop take so long together, at most one job more. */
  readonly budgetMilliseconds: number;
  /** Runs a function in the next turn of the event loop. */
  readonly nextTurn: (run: () => void) => void;
}

/**
 * Jobs one after another, but not all in one turn of the event loop: when 200 reviews arrive at once
 * the loop still looks at sockets, timers and informers between every few of them. Order is that
 * of arrival; a job that throws harms no other.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiting: (() => void)[] = [];
  #spentMilliseconds = 0;
  #turnOrdered = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** How many jobs wait for a later turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves with the job's answer, or rejects with what it threw. Runs it at once where this turn
   * has time left and nobody waits.
   */
  run<Answer>(job: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          resolve(job());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.#waiting.length === 0 && this.#hasTime()) this.#take(turn);
      else this.#waiting.push(turn);
      this.#orderTurn();
    });
  }

  #hasTime(): boolean {
    return this.#spentMilliseconds < this.#options.budgetMilliseconds;
  }

  #take(turn: () => void): void {
    const begun = this.#options.elapsed();
    turn();
    this.#spentMilliseconds += this.#options.elapsed() - begun;
  }

  /** A new turn begins with a fresh budget; one is ordered as long as any of it was spent. */
  #orderTurn(): void {
    if (this.#turnOrdered) return;
    this.#turnOrdered = true;
    this.#options.nextTurn(() => {
      this.#turnOrdered = false;
      this.#spentMilliseconds = 0;
      let next = this.#waiting.shift();
      while (next !== undefined) {
        this.#take(next);
        next = this.#hasTime() ? this.#waiting.shift() : undefined;
      }
      if (this.#waiting.length > 0 || this.#spentMilliseconds > 0) this.#orderTurn();
    });
  }
}

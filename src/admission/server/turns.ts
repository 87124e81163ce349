// SPDX-License-Identifier: Apache-2.0

/** What {@link Turns} needs. */
export interface TurnsOptions {
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  /**
   * Once so long has passed since the first job of a turn of the event loop, none is begun in it any
   * more. It counts what lies between the jobs, too, such as reading what the next one is about.
   */
  readonly budgetMilliseconds: number;
  /** Runs a function later in the same turn of the event loop, once its sockets were looked at. */
  readonly endOfTurn: (run: () => void) => void;
  /** Runs a function when all that a job has set off at once is done. */
  readonly afterJob: (run: () => void) => void;
}

/** Work of one turn of the event loop may take so long, so that it is never held up. */
const TURN_MILLISECONDS = 2;

/** Jobs one after another on the event loop of this process. @param elapsed a monotonic clock, ms */
export function turnsOf(elapsed: () => number): Turns {
  return new Turns({
    elapsed,
    budgetMilliseconds: TURN_MILLISECONDS,
    endOfTurn: setImmediate,
    afterJob: (run) => process.nextTick(run),
  });
}

/**
 * Jobs one after another, but not all in one turn of the event loop: when 200 reviews arrive at once
 * the loop still looks at sockets, timers and informers between every few of them. Order is that
 * of arrival; a job that throws harms no other. As long as any wait, each turn does one at least.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiting: (() => void)[] = [];
  /** When the first job of this turn began; undefined = none has. */
  #begunAt: number | undefined;
  #endOrdered = false;

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
      this.begin(() => {
        try {
          resolve(job());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** The same for a job that answers nothing and does not throw. */
  begin(job: () => void): void {
    if (this.#waiting.length === 0 && this.#hasTime()) this.#take(job);
    else this.#waiting.push(job);
    this.#orderEnd();
  }

  #hasTime(): boolean {
    if (this.#begunAt === undefined) return true;
    return this.#options.elapsed() - this.#begunAt < this.#options.budgetMilliseconds;
  }

  #take(job: () => void): void {
    this.#begunAt ??= this.#options.elapsed();
    job();
  }

  /** After its last job a turn is over; one is ordered as long as there was any, or will be. */
  #orderEnd(): void {
    if (this.#endOrdered) return;
    this.#endOrdered = true;
    this.#options.endOfTurn(() => this.#useWhatIsLeft());
  }

  #useWhatIsLeft(): void {
    const next = this.#hasTime() ? this.#waiting.shift() : undefined;
    if (next !== undefined) {
      this.#take(next);
      this.#options.afterJob(() => this.#useWhatIsLeft());
      return;
    }
    this.#endOrdered = false;
    this.#begunAt = undefined;
    if (this.#waiting.length > 0) this.#orderEnd();
  }
}

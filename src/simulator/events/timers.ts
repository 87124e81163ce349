// SPDX-License-Identifier: Apache-2.0

interface Timer {
  readonly seconds: number;
  readonly order: number;
  readonly action: () => void;
}

/** Things to do at a virtual time, in order of time and then of entry. */
export class Timers {
  #timers: Timer[] = [];
  #order = 0;

  /** Time of the first timer, seconds; Infinity without one. */
  get next(): number {
    return this.#timers[0]?.seconds ?? Infinity;
  }

  /** Runs `action` when virtual time reaches `seconds`. */
  at(seconds: number, action: () => void): void {
    const timer = { seconds, order: this.#order++, action };
    const after = this.#timers.findIndex((other) => other.seconds > seconds);
    if (after < 0) this.#timers.push(timer);
    else this.#timers.splice(after, 0, timer);
  }

  /** Runs everything that is due, also what that adds for the same instant. */
  runDue(seconds: number): void {
    while (this.next <= seconds) this.#timers.shift()?.action();
  }
}

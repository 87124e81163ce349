// SPDX-License-Identifier: Apache-2.0

/** More than any correction of a running clock, less than what could make a CA look old. */
const JUMP_MILLISECONDS = 300_000;
/** Time for a clock that was set wrong to be set right. */
const SETTLING_MILLISECONDS = 600_000;

/**
 * Tells when the wall clock has jumped. A replica whose clock is years ahead would see every CA
 * expired and replace what all others serve by; after a suspended machine the jump is right, and
 * waiting some minutes costs nothing.
 */
export class ClockWatch {
  readonly #now: () => number;
  readonly #elapsed: () => number;
  #offset: number;
  #steadyFrom = -Infinity;

  /**
   * @param now milliseconds since the epoch
   * @param elapsed milliseconds of a clock that never jumps
   */
  constructor(now: () => number, elapsed: () => number) {
    this.#now = now;
    this.#elapsed = elapsed;
    this.#offset = now() - elapsed();
  }

  /** Whether the wall clock has not jumped for ten minutes. To be asked in every round. */
  steady(): boolean {
    const elapsed = this.#elapsed();
    const offset = this.#now() - elapsed;
    if (Math.abs(offset - this.#offset) > JUMP_MILLISECONDS) {
      this.#steadyFrom = elapsed + SETTLING_MILLISECONDS;
    }
    this.#offset = offset;
    return elapsed >= this.#steadyFrom;
  }
}

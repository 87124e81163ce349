// SPDX-License-Identifier: Apache-2.0
import type { Progress } from './progress.ts';

/** The verdict on one promise of the product. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen; for a failed check, what was seen instead. */
  readonly detail: string;
}

/** A promise was not kept; the message says what was seen. */
export class CheckFailure extends Error {
  override name = 'CheckFailure';
}

/** @throws CheckFailure with `detail` unless the condition holds. */
export function expect(condition: boolean, detail: string): asserts condition {
  if (!condition) throw new CheckFailure(detail);
}

/** Collects verdicts; a failed check never hides the ones after it. */
export class Checks {
  readonly results: CheckResult[] = [];
  readonly #progress: Progress;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /**
   * Runs one check; it fails by throwing and passes by answering what it saw.
   *
   * @returns whether it passed, for checks that cannot be made after a failure of this one.
   */
  async check(name: string, look: () => Promise<string> | string): Promise<boolean> {
    try {
      this.record({ name, ok: true, detail: await look() });
      return true;
    } catch (error) {
      this.record({
        name,
        ok: false,
        detail: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
  }

  record(result: CheckResult): void {
    this.results.push(result);
    const verdict = result.ok ? 'ok  ' : 'FAIL';
    this.#progress.say(`${verdict} ${result.name}: ${result.detail}`);
  }

  get passed(): number {
    return this.results.length - this.failures.length;
  }

  get failed(): number {
    return this.failures.length;
  }

  /** Verdicts that were not kept, in the order in which they were found. */
  get failures(): readonly CheckResult[] {
    return this.results.filter((result) => !result.ok);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Terminal } from '#cli/command/command.ts';
import { createProgress, type Progress } from './progress.ts';

/** Work that is done sooner needs no bar. */
const PATIENCE_MILLISECONDS = 2000;
/** Between two updates of the bar. */
const STEP_MILLISECONDS = 100;

/**
 * Progress that only shows once the work has taken two seconds. Updates may come at any rate.
 *
 * @param elapsed a monotonic clock in milliseconds
 */
export function patientProgress(terminal: Terminal, elapsed: () => number): Progress {
  const progress = createProgress(terminal);
  let next = elapsed() + PATIENCE_MILLISECONDS;
  return {
    update(done, label) {
      const now = elapsed();
      if (now < next) return;
      next = now + STEP_MILLISECONDS;
      progress.update(done, label);
    },
    end: () => progress.end(),
  };
}

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything takes on a busy machine: what is not so by then never will be. */
const PATIENCE_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 2;

/**
 * Waits until something is so that comes about by itself.
 * @throws Error with the condition after a minute, so that a test fails where it would hang
 */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within a minute: ${String(holds)}`);
    await sleep(LOOK_MILLISECONDS);
  }
}

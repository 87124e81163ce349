// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** Limits of {@link waitFor}. */
export interface WaitOptions {
  readonly timeoutSeconds: number;
  readonly everyMilliseconds?: number;
}

/** A condition did not come true in time; the message says what was waited for. */
export class WaitTimeoutError extends Error {
  override name = 'WaitTimeoutError';
}

/** Waiting any longer makes no sense; {@link waitFor} throws it at once. */
export class HopelessError extends Error {
  override name = 'HopelessError';
}

/**
 * Asks again until the answer is neither undefined nor false, and returns it. An error thrown by
 * the question counts as "not yet"; the last one is told when time runs out.
 *
 * @throws WaitTimeoutError after `timeoutSeconds`, HopelessError as soon as the question does.
 */
export async function waitFor<T>(
  what: string,
  options: WaitOptions,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  let last = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      last = '';
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      last = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadline) {
      throw new WaitTimeoutError(`${what}: not within ${options.timeoutSeconds} s${last}`);
    }
    await sleep(options.everyMilliseconds ?? 200);
  }
}

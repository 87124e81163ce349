// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { CertificateSource } from './source.ts';

/**
 * Between two rounds. Short: a caBundle that somebody blanked is back within seconds. Each round
 * looks at the wall clock, so that a machine that was suspended renews right after it wakes.
 */
export const POLL_MILLISECONDS = 5_000;
/** Between two rounds while not ready. */
const RETRY_MILLISECONDS = 1_000;

/** Rounds of a source until the signal. */
export async function runRounds(
  source: Pick<CertificateSource, 'refresh' | 'status'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await source.refresh();
    const pause = source.status.ready ? POLL_MILLISECONDS : RETRY_MILLISECONDS;
    await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

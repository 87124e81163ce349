// SPDX-License-Identifier: Apache-2.0

/**
 * How far a workload is from trouble, by its objectives and by the use of what it requests.
 * `missed`: an objective is missed. `unknown`: neither can be told, and nothing is done.
 */
export type Headroom = 'missed' | 'tight' | 'fair' | 'ample' | 'unknown';

/** All of them: from the worst to the best, and the unknown. */
export const HEADROOMS: readonly Headroom[] = ['missed', 'tight', 'fair', 'ample', 'unknown'];

/** Shares of an objective or of the requested CPU from which headroom is fair, tight, gone. */
const FAIR = 0.5;
const TIGHT = 0.8;

/**
 * Headroom from shares of the limits, 1 = at the limit; the worst of those known counts.
 * @param shares.p99 of the latency objective @param shares.errors of the error objective
 * @param shares.utilisation CPU in use against CPU requested; above 1 is tight, not missed
 */
export function headroomOf(shares: {
  readonly p99?: number | undefined;
  readonly errors?: number | undefined;
  readonly utilisation?: number | undefined;
}): Headroom {
  const known = [shares.p99, shares.errors, shares.utilisation].filter(
    (share) => share !== undefined && Number.isFinite(share),
  ) as number[];
  if (known.length === 0) return 'unknown';
  if ((shares.p99 ?? 0) > 1 || (shares.errors ?? 0) > 1) return 'missed';
  const worst = Math.max(...known);
  if (worst > TIGHT) return 'tight';
  return worst > FAIR ? 'fair' : 'ample';
}

/** Whether the CPU requests of one replica less would still hold the present use. */
export function wouldHold(utilisation: number | undefined, replicas: number): boolean {
  if (replicas <= 1) return false;
  // Without a request there is no share; the objectives alone guard then.
  if (utilisation === undefined) return true;
  return (utilisation * replicas) / (replicas - 1) <= TIGHT;
}

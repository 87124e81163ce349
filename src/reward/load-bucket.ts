// SPDX-License-Identifier: Apache-2.0
import type { Baseline } from './baseline.ts';
import { isKnown } from './unknown.ts';

/** A workload's load against its own history. */
export type LoadBucket = 'low' | 'normal' | 'high';

/** Half the width of `normal`, in standard deviations of the history: the middle half of it. */
const WIDTH_DEVIATIONS = 0.6745;
/** And at least this share of the mean, so that a steady load is normal for all its noise. */
const LEAST_WIDTH_SHARE = 0.1;
/** A shorter history (about: measured windows) tells nothing. */
const MINIMUM_WEIGHT = 3;

/**
 * The bucket of a load (requests per second) against the workload's own history; undefined if
 * the load is not known or there is no history yet.
 */
export function loadBucket(
  requestsPerSecond: number | undefined,
  history: Baseline | undefined,
): LoadBucket | undefined {
  if (!isKnown(requestsPerSecond) || history === undefined || history.weight < MINIMUM_WEIGHT) {
    return undefined;
  }
  const deviation = Math.sqrt(Math.max(0, history.variance));
  const width = Math.max(WIDTH_DEVIATIONS * deviation, LEAST_WIDTH_SHARE * Math.abs(history.mean));
  if (requestsPerSecond < history.mean - width) return 'low';
  return requestsPerSecond > history.mean + width ? 'high' : 'normal';
}

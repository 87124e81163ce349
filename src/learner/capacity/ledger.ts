// SPDX-License-Identifier: Apache-2.0
import { CAPACITY_LIMITS } from '#cluster/model/capacity-schema.ts';

const HOUR_MILLISECONDS = 3_600_000;

/** The times of a ledger that a budget of one hour still counts, newest last and bounded. */
export function recent(times: readonly number[], now: number): number[] {
  return times.filter((at) => now - at < HOUR_MILLISECONDS).slice(-CAPACITY_LIMITS.changes + 1);
}

/** How many of these times lie within the last hour. */
export function withinHour(times: readonly number[], now: number): number {
  return times.filter((at) => now - at < HOUR_MILLISECONDS && at <= now).length;
}

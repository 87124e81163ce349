// SPDX-License-Identifier: Apache-2.0
import type { StateKey } from '#agent/terms/state.ts';
import type { Headroom } from './headroom.ts';

/** Where a workload stands before a decision. */
export interface ScalingRow {
  readonly state: StateKey;
  readonly load: Load;
  readonly headroom: Headroom;
  readonly replicas: number;
}

/** Load of a workload against its own history. */
export type Load = 'low' | 'normal' | 'high' | 'unknown';

/** Exact up to 8, then about a third apart: 9-12, 13-16, 17-22, ... */
export function replicasBucket(replicas: number): string {
  if (!(replicas >= 0)) throw new RangeError(`replicas: found ${replicas}`);
  let from = 8;
  if (replicas <= from) return String(replicas);
  for (;;) {
    const to = Math.max(from + 4, Math.floor(from * 1.36));
    if (replicas <= to) return `${from + 1}-${to}`;
    from = to;
  }
}

/** The state of a workload: load against its own history, headroom, replicas. */
export function scalingRow(situation: {
  readonly load: 'low' | 'normal' | 'high' | undefined;
  readonly headroom: Headroom;
  readonly replicas: number;
}): ScalingRow {
  const { load = 'unknown', headroom, replicas } = situation;
  return { state: scalingKey(load, headroom, replicas), load, headroom, replicas };
}

/** The row of a decision that was stored with its key. */
export function storedRow(stored: {
  readonly state: StateKey;
  readonly headroom: Headroom;
  readonly replicas: number;
}): ScalingRow {
  const { state, headroom, replicas } = stored;
  const found = LOADS.find((one) => state.startsWith(`load=${one},`));
  return { state, load: found ?? 'unknown', headroom, replicas };
}

const LOADS: readonly Load[] = ['low', 'normal', 'high', 'unknown'];

/** Key of a state. */
export function scalingKey(load: Load, headroom: Headroom, replicas: number): StateKey {
  return `load=${load},headroom=${headroom},replicas=${replicasBucket(replicas)}`;
}

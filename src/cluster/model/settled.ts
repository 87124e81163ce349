// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from './model.ts';

/** What tells one decision from another, and when it was taken, milliseconds since the epoch. */
export interface DecisionKey {
  readonly id: string;
  readonly decidedAt: number;
}

/** Whether a decision is counted already. */
export type IsSettled = (decision: DecisionKey) => boolean;

/**
 * Tells which decisions a shard has counted: those whose ids it holds, and all that were taken up
 * to `settledUntil`, whose ids it had no room for. No shard = none.
 */
export function settledBy(
  shard: Pick<ModelShard, 'settled' | 'settledUntil'> | undefined,
): IsSettled {
  if (shard === undefined) return () => false;
  const ids = new Set(shard.settled);
  const until = shard.settledUntil ?? -Infinity;
  return ({ id, decidedAt }) => decidedAt <= until || ids.has(id);
}

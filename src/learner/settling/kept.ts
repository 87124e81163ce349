// SPDX-License-Identifier: Apache-2.0
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { pruneSettled } from '#learner/tick/shards.ts';

/**
 * A decision that is open for longer is not waited for: by then its window was measured or given
 * up, unless two rollouts of thousands of Pods were taken by replicas whose clocks differ.
 */
const OPEN_AT_MOST_MILLISECONDS = 6 * 60 * 60_000;

/** What a shard says of the decisions that it has counted. */
export type Kept = Pick<ModelShard, 'settled' | 'settledUntil'>;

/** What is known of decisions beside the shard that is written. */
export interface KeptContext {
  /** Whether the id must be kept, for as long as there is room. */
  readonly isNeeded: (id: string) => boolean;
  /** Decisions of this shard on living Pods, any order, those of `added` too; seldom asked. */
  readonly standing: () => readonly PendingDecision[];
  /** Whether one of them is open and not settled by this write either. */
  readonly isOpen: (decision: PendingDecision) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Ids that a shard has room for. Default as the API has it. */
  readonly room?: number | undefined;
}

/**
 * The ids that a shard holds after it has settled `added`. Where there is no room for all, the
 * oldest give way to one time, `settledUntil`: whatever was decided up to then is taken as
 * counted. It never passes a decision that may still be counted; if that leaves no room the ids
 * are too many, the write is refused, and the episode waits for the open one.
 *
 * @param added ids of `standing`
 */
export function keptAfter(shard: Kept, added: readonly string[], context: KeptContext): Kept {
  const until = shard.settledUntil;
  const before = until === undefined ? {} : { settledUntil: until };
  const settled = pruneSettled(shard.settled, added, context.isNeeded);
  const surplus = settled.length - (context.room ?? MODEL_LIMITS.settled);
  if (surplus <= 0) return { settled, ...before };
  const standing = context.standing();
  const times = new Map(standing.map(({ decision }) => [decision.id, decision.decidedAt]));
  // Ids whose Pods are not in view have no time: they are few, and stay.
  const known = settled.flatMap((id) => times.get(id) ?? []).sort((a, b) => a - b);
  const next = known[surplus - 1];
  if (next === undefined || next >= firstOpen(standing, context)) return { settled, ...before };
  return {
    settled: settled.filter((id) => (times.get(id) ?? Infinity) > next),
    settledUntil: Math.max(next, until ?? next),
  };
}

/** When the oldest decision was taken that is still waited for. */
function firstOpen(
  standing: readonly PendingDecision[],
  { isOpen, now }: Pick<KeptContext, 'isOpen' | 'now'>,
): number {
  let first = Infinity;
  for (const one of standing) {
    const { decidedAt } = one.decision;
    if (decidedAt >= first || now - decidedAt > OPEN_AT_MOST_MILLISECONDS) continue;
    if (isOpen(one)) first = decidedAt;
  }
  return first;
}

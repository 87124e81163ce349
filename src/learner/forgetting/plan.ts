// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { isTier } from '#learner/tick/shards.ts';

/**
 * What is to be done with a shard. `marked`: it is not used any more, and says so from now on;
 * `unmarked`: it is used again; `deleted`: it was not used for longer than shards are kept.
 */
export type ForgettingStep = 'marked' | 'unmarked' | 'deleted';

/** Names a shard. */
export type ShardKey = Pick<ModelShard, 'namespace' | 'policy' | 'workload'>;

/** What a step follows from. */
export interface ForgettingRules {
  /** Whether a Pod carries a decision that this shard holds, or will hold, as settled. */
  readonly isUsed: (shard: ShardKey) => boolean;
  /** Seconds without such a Pod after which a shard goes; Infinity = never. */
  readonly retentionSeconds: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A shard and its step. */
export interface PlannedStep {
  readonly shard: ModelShard;
  readonly step: ForgettingStep;
}

/**
 * What is to be done with one shard; undefined = nothing. The prior of a tier is never unused. A
 * mark from the future is of a clock that was wrong, and is made anew.
 */
export function stepOf(shard: ModelShard, rules: ForgettingRules): ForgettingStep | undefined {
  if (isTier(shard.workload)) return undefined;
  const { unusedSince } = shard;
  if (rules.isUsed(shard)) return unusedSince === undefined ? undefined : 'unmarked';
  if (unusedSince === undefined || unusedSince > rules.now) return 'marked';
  return rules.now - unusedSince > rules.retentionSeconds * 1000 ? 'deleted' : undefined;
}

/** Everything that is to be done, in no order. */
export function planForgetting(
  shards: Iterable<ModelShard>,
  rules: ForgettingRules,
): readonly PlannedStep[] {
  const planned: PlannedStep[] = [];
  for (const shard of shards) {
    const step = stepOf(shard, rules);
    if (step !== undefined) planned.push({ shard, step });
  }
  return planned;
}

/**
 * The steps of one tick: at most `limit` marks and as many deletions, so that neither waits for
 * the other. Marks that are to be taken away come first: an old one that is left would count for
 * the next time without Pods. Of deletions the longest unused come first.
 * @param isLate shards that could not be written last time: after all others
 */
export function stepsInTurn(
  planned: readonly PlannedStep[],
  limit: number,
  isLate: (shard: ShardKey) => boolean,
): readonly PlannedStep[] {
  const sorted = planned.toSorted(
    (a, b) =>
      Number(isLate(a.shard)) - Number(isLate(b.shard)) ||
      Number(b.step === 'unmarked') - Number(a.step === 'unmarked') ||
      (a.shard.unusedSince ?? 0) - (b.shard.unusedSince ?? 0),
  );
  const deletions = sorted.filter(({ step }) => step === 'deleted');
  const marks = sorted.filter(({ step }) => step !== 'deleted');
  return [...marks.slice(0, limit), ...deletions.slice(0, limit)];
}

/** One text per shard; no name of the API holds a space, so that joined names stay apart. */
export function shardKeyText(namespace: string, policy: string, workload: WorkloadKey): string {
  return `${namespace} ${policy} ${workload}`;
}

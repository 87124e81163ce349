// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import { settledBy, type IsSettled } from '#cluster/model/settled.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from './decisions.ts';
import { episodesOf, planEpisode } from './episodes.ts';
import type { Episode, EpisodeLimits, EpisodePlan } from './episodes.ts';

/** An episode to be settled now, and how. */
export interface EpisodeTask {
  readonly episode: Episode;
  readonly plan: Exclude<EpisodePlan, { kind: 'wait' }>;
}

/** What a tick has to do for one (namespace, policy). */
export interface GroupPlan {
  /** Oldest first. */
  readonly tasks: readonly EpisodeTask[];
  /** Decisions that no shard holds as settled yet, in every episode. */
  readonly unsettled: readonly PendingDecision[];
}

/** What a shard holds as settled, made once per shard object: shards are never changed. */
export type SettledOf = (shard: ModelShard | undefined) => IsSettled;

/** A {@link SettledOf} that remembers its answers as long as the shards live. */
export function createSettledOf(): SettledOf {
  const none = settledBy(undefined);
  const known = new WeakMap<ModelShard, IsSettled>();
  return (shard) => {
    if (shard === undefined) return none;
    const isSettled = known.get(shard) ?? settledBy(shard);
    known.set(shard, isSettled);
    return isSettled;
  };
}

/**
 * Plans the settling of one (namespace, policy).
 * @param decisions of that group, any order, settled ones too: they tell where episodes begin.
 * @param shardOf the shard as far as known; one that lags behind costs a needless look, no more,
 *   because the shell asks the API server again before it settles anything.
 */
export function planGroup(
  decisions: readonly PendingDecision[],
  policy: PlacementPolicy,
  context: {
    readonly shardOf: (workload: WorkloadKey) => ModelShard | undefined;
    readonly settledOf: SettledOf;
    readonly limits: EpisodeLimits;
    readonly now: number;
  },
): GroupPlan {
  const { measurement } = policy.spec;
  const { limits, now } = context;
  const isUnsettled = (one: PendingDecision): boolean =>
    !context.settledOf(context.shardOf(one.decision.workload))(one.decision);
  const episodes = episodesOf(decisions, measurement.episodeGapSeconds, limits.maximumSpanSeconds);
  const tasks: EpisodeTask[] = [];
  const unsettled: PendingDecision[] = [];
  episodes.forEach((episode, index) => {
    const open = episode.decisions.filter(isUnsettled);
    if (open.length === 0) return;
    unsettled.push(...open);
    const plan = planEpisode(episode, episodes.slice(index + 1), { measurement, limits, now });
    if (plan.kind !== 'wait') tasks.push({ episode, plan });
  });
  return { tasks, unsettled };
}

// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { Window } from '#telemetry/reading/source.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { Episode, EpisodeLimits } from '#learner/episodes/episodes.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { createSettledOf, type EpisodeTask } from '#learner/episodes/plan.ts';
import type { LearnerLogger, ShardStore } from '#learner/tick/ports.ts';
import { settleEpisode, type Settlement } from './settle.ts';
import type { SettlementRecord } from '#learner/judging/settlement.ts';
import { tierKey } from '#learner/tick/shards.ts';
import type { Tally } from '#learner/tick/tick-report.ts';
import type { SettlePlan } from '#learner/judging/verdict.ts';

/** Requests to the API server under way at the same time. */
const READS_AT_ONCE = 8;

/** The (namespace, policy) an episode belongs to, as this tick sees it. */
export interface SettleGroup {
  readonly policy: PlacementPolicy;
  readonly standing: readonly PendingDecision[];
  readonly targets: readonly string[];
  /** The shard as the watch last saw it; may lag. */
  readonly cachedShard: (workload: WorkloadKey) => ModelShard | undefined;
  readonly isAlive: (id: string) => boolean;
  readonly isUnsettled: (id: string) => boolean;
}

/** What settling does to the world. */
export interface SettleEffects {
  readonly store: ShardStore;
  readonly ask: (window: Window) => Promise<WindowReadings>;
  readonly isLeader: () => boolean;
  /** A later leader has written: nothing may be written any more. */
  readonly onFenced: () => void;
  /** The shard just read holds a decision that the watch did not show as settled yet. */
  readonly onKnown: (id: string) => void;
  /** Telemetry had no answer for the episode's window. */
  readonly onUnanswered: () => void;
  readonly logger: LearnerLogger;
  readonly tally: Tally;
  /** Called for a decision once the shard that holds it as settled is written. */
  readonly onRecord: (record: SettlementRecord) => void;
  readonly limits: EpisodeLimits;
  /** Telemetry that does not answer so long after the window is not asked again. */
  readonly giveUpSeconds: number;
  readonly now: () => number;
}

/**
 * Settles one episode: reads its shards, asks telemetry, learns, writes. Whatever goes wrong, the
 * decisions that are not in a written shard stay open, and the next tick finds them on their Pods.
 */
export async function settleTask(
  task: EpisodeTask,
  group: SettleGroup,
  effects: SettleEffects,
): Promise<void> {
  const { episode } = task;
  const stored = await readShards(episode, effects.store);
  const shards = new Map<WorkloadKey, ModelShard>();
  for (const { decision } of group.standing) {
    const cached = group.cachedShard(decision.workload);
    if (cached !== undefined) shards.set(decision.workload, cached);
  }
  for (const [key, one] of stored) {
    if (one === undefined) shards.delete(key);
    else shards.set(key, one);
  }
  const known = settledIn(episode, shards);
  known.forEach(effects.onKnown);
  if (known.length === episode.decisions.length) return;
  const plan = await resolvePlan(task, effects);
  if (plan === undefined) return;
  const settlement = settleEpisode({
    policy: group.policy,
    episode,
    plan,
    standing: group.standing,
    shards,
    targets: group.targets,
    isAlive: group.isAlive,
    isUnsettled: group.isUnsettled,
    patienceSeconds: effects.limits.patienceSeconds,
    now: effects.now(),
  });
  await writeSettlement(settlement, effects);
}

/** Tiers first; a tier that could not be written leaves the whole episode open. */
async function writeSettlement(settlement: Settlement, effects: SettleEffects): Promise<void> {
  for (const tier of settlement.tiers) {
    if (!(await write(tier, effects))) return;
  }
  for (const shard of settlement.workloads) {
    if (!(await write(shard, effects))) continue;
    for (const record of settlement.records) {
      if (record.workload === shard.workload) effects.onRecord(record);
    }
  }
}

/** Writes one shard, as the successor of what was read; true when it holds now. */
async function write(shard: ModelShard, effects: SettleEffects): Promise<boolean> {
  const { store, tally, logger } = effects;
  if (!effects.isLeader()) return false;
  const where = { namespace: shard.namespace, policy: shard.policy, workload: shard.workload };
  try {
    const { kind } = await store.writeShard(shard);
    if (kind === 'written') return true;
    if (kind === 'fenced') effects.onFenced();
    tally.conflict();
    logger.info({ ...where, kind }, 'a model shard was not written; its decisions stay open');
  } catch (error) {
    tally.publishFailure();
    logger.warn({ ...where, err: error }, 'a model shard was not written');
  }
  return false;
}

/** The plan with its readings; undefined = telemetry has no answer yet, try again. */
async function resolvePlan(
  { plan, episode }: EpisodeTask,
  effects: SettleEffects,
): Promise<SettlePlan | undefined> {
  const { ask, now, giveUpSeconds, tally, logger } = effects;
  if (plan.kind === 'discard') return plan;
  try {
    return { kind: 'measure', readings: await ask(plan.window) };
  } catch (error) {
    tally.telemetryFailure();
    effects.onUnanswered();
    const late = now() - plan.window.to > giveUpSeconds * 1000;
    const where = { namespace: episode.namespace, policy: episode.policy, err: error };
    logger.warn(where, late ? 'a window was given up' : 'a window could not be measured yet');
    return late ? { kind: 'unavailable' } : undefined;
  }
}

/** The shards of an episode's workloads and of their tiers, past the cache. */
async function readShards(
  episode: Episode,
  store: ShardStore,
): Promise<Map<WorkloadKey, ModelShard | undefined>> {
  const keys = new Set<WorkloadKey>();
  for (const { decision } of episode.decisions) {
    keys.add(decision.workload).add(tierKey(decision.tier));
  }
  const list = [...keys];
  const found = new Map<WorkloadKey, ModelShard | undefined>();
  for (let start = 0; start < list.length; start += READS_AT_ONCE) {
    const batch = list.slice(start, start + READS_AT_ONCE);
    const shards = await Promise.all(
      batch.map((key) => store.readShard(episode.namespace, episode.policy, key)),
    );
    batch.forEach((key, index) => found.set(key, shards[index]));
  }
  return found;
}

/** Ids settled by another leader, or by a tick whose writes the watch has not shown yet. */
function settledIn(episode: Episode, shards: ReadonlyMap<WorkloadKey, ModelShard>): string[] {
  const settledOf = createSettledOf();
  return episode.decisions.flatMap(({ decision }) =>
    settledOf(shards.get(decision.workload))(decision) ? [decision.id] : [],
  );
}

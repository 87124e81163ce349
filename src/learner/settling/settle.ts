// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { learnEpisode, type EpisodeOutcome, type EpisodeStep } from '#agent/learning/episode.ts';
import { hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import type { ValueTable } from '#agent/terms/value-table.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { settledBy, type IsSettled } from '#cluster/model/settled.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { updateBaseline } from '#reward/baseline.ts';
import { nextAdherence } from '#learner/enforcement/adherence.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { nextEvidence } from './evidence.ts';
import { fittingCells } from './fitting-cells.ts';
import { keptAfter, type Kept } from './kept.ts';
import type { Episode } from '#learner/episodes/episodes.ts';
import { judgeEpisode, type EpisodeJudgement, type Judgement } from '#learner/judging/judge.ts';
import { beforeOf, takeBack } from './partial.ts';
import {
  settlementRecord,
  type CellChange,
  type SettlementRecord,
} from '#learner/judging/settlement.ts';
import { emptyShard, isTier, tierKey } from '#learner/tick/shards.ts';
import { verdictsOf, type SettlePlan } from '#learner/judging/verdict.ts';

/** Everything one episode is settled from; nothing of it is changed. */
export interface SettleInput {
  readonly policy: PlacementPolicy;
  readonly episode: Episode;
  readonly plan: SettlePlan;
  /** Every decision of the (namespace, policy) that is on a living Pod, settled ones too. */
  readonly standing: readonly PendingDecision[];
  /** Shards by workload: as just read for those of the episode and their tiers. */
  readonly shards: ReadonlyMap<WorkloadKey, ModelShard>;
  /** All targets of the policy: what could have been chosen. */
  readonly targets: readonly Action[];
  /** Whether a decision id is still on a Pod, so that its being settled must be remembered. */
  readonly isAlive: (id: string) => boolean;
  /** Whether it may still be open in its workload's shard; true in doubt. */
  readonly isUnsettled: (id: string) => boolean;
  readonly patienceSeconds: number;
  readonly now: number;
}

/** What is to be written, in this order, and what to say once it is. */
export interface Settlement {
  /**
   * Priors of tiers; written first. A decision is open as long as its workload's shard does not
   * hold it, so after a crash in between it is looked at again, and the tier's own list says that
   * the tier has it already.
   */
  readonly tiers: readonly ModelShard[];
  readonly workloads: readonly ModelShard[];
  /** One per decision that was open, in the order of the episode. */
  readonly records: readonly SettlementRecord[];
}

/**
 * Settles one episode: pure, the same input gives the same output. Shards that a former leader has
 * written of it already are taken back first, so that the others learn what they would have
 * learned then; they are not written again.
 */
export function settleEpisode(input: SettleInput): Settlement {
  const { shards, written } = takeBack(input.episode, input.shards);
  const { tiers, workloads, records } = settleWhole({ ...input, shards });
  const isMissing = ({ workload }: { readonly workload: WorkloadKey }): boolean =>
    !written.has(workload);
  return {
    tiers: tiers.filter(isMissing),
    workloads: workloads.filter(isMissing),
    records: records.filter(isMissing),
  };
}

function settleWhole(input: SettleInput): Settlement {
  const { policy, episode, plan } = input;
  const { namespace, name } = { namespace: episode.namespace, name: episode.policy };
  const shardOf = (key: WorkloadKey): ModelShard =>
    input.shards.get(key) ?? emptyShard(namespace, name, key);
  const settled = settledIn(shardOf);
  const isOpen = (decision: PendingDecision): boolean =>
    !settled(decision.decision.workload, decision);
  const verdicts = verdictsOf(episode, plan, policy.spec, input.patienceSeconds);
  const judged = judgeEpisode(verdicts, plan.kind === 'measure' ? plan.readings : undefined, {
    spec: policy.spec,
    shards: input.shards,
    standing: input.standing,
    isOpen,
  });
  const open = judged.judgements.filter((one) => isOpen(one.decision));
  const forTier = open.filter((one) => !settled(tierKey(one.decision.decision.tier), one.decision));
  const learning = { input, judged, shardOf, settled };
  const own = learn(new Set(open), workloadOf, learning);
  const prior = learn(new Set(forTier), tierOf, learning);

  const targets = input.targets.length;
  const workloads = groupBy(open, workloadOf).map(([key, members]) => ({
    ...nextShard(shardOf(key), members, own, { ...learning, keyOf: workloadOf }),
    ...nextEvidence(shardOf(key), members, { policy, judged, targets, now: input.now }),
    ...adherenceAfter(shardOf(key), members),
  }));
  const tiers = groupBy(forTier, tierOf).map(([key, members]) =>
    nextShard(shardOf(key), members, prior, { ...learning, keyOf: tierOf }),
  );
  const versions = new Map(workloads.map((shard) => [shard.workload, shard.version]));
  const records = open.map((one) => {
    const cells = [...cellChanges(one, own, workloadOf), ...cellChanges(one, prior, tierOf)];
    const modelVersion = versions.get(workloadOf(one)) ?? 0;
    return settlementRecord(one, { cells, modelVersion, now: input.now });
  });
  return { tiers, workloads, records };
}

interface Learning {
  readonly input: SettleInput;
  readonly judged: EpisodeJudgement;
  readonly shardOf: (key: WorkloadKey) => ModelShard;
  /** Whether a shard holds a decision. */
  readonly settled: (key: WorkloadKey, decision: PendingDecision) => boolean;
}

type Keyed = Pick<Judgement, 'decision'>;

function workloadOf({ decision }: Keyed): WorkloadKey {
  return decision.decision.workload;
}

function tierOf({ decision }: Keyed): WorkloadKey {
  return tierKey(decision.decision.tier);
}

/** What one pass of the agent over the episode gave: with own tables, or with those of tiers. */
interface Learned {
  readonly outcome: EpisodeOutcome;
  readonly positions: ReadonlyMap<Judgement, number>;
}

/**
 * Lets the agent learn the episode on one table per key. A step that is not in `counted` keeps its
 * place in the rollout but has no reward, so nothing is learned from it a second time.
 */
function learn(
  counted: ReadonlySet<Judgement>,
  keyOf: (one: Judgement) => WorkloadKey,
  { input, judged, shardOf }: Omit<Learning, 'settled'>,
): Learned {
  const actions = [DEFAULT_ACTION, ...input.targets];
  const steps = judged.judgements.map((one): EpisodeStep => {
    const { landed } = one.decision;
    return {
      table: keyOf(one),
      state: one.decision.decision.state,
      asked: one.asked,
      landed: landed ?? one.asked,
      reward: counted.has(one) && landed !== undefined ? one.advantage : undefined,
      actions,
    };
  });
  const shards = new Map(steps.map((step) => [step.table, shardOf(step.table)]));
  const tables: Record<string, ValueTable> = {};
  const priors: Record<string, ValueTable> = {};
  for (const [key, shard] of shards) tables[key] = shard.cells;
  for (const one of judged.judgements) {
    const tier = tierKey(one.decision.decision.tier);
    if (keyOf(one) !== tier) priors[keyOf(one)] = shardOf(tier).cells;
  }
  const episodes = Math.max(0, ...[...shards.values()].map((shard) => shard.episodes));
  const hyperparameters = hyperparametersOf(input.policy.spec.learning);
  const outcome = learnEpisode({ steps, tables, priors, hyperparameters, episodes });
  return { outcome, positions: new Map(judged.judgements.map((one, index) => [one, index])) };
}

/** The shard after its members of the episode are settled. */
function nextShard(
  shard: ModelShard,
  members: readonly Judgement[],
  learned: Learned,
  context: Learning & { readonly keyOf: (one: Keyed) => WorkloadKey },
): ModelShard {
  const measured = members.filter((one) => one.problem === undefined);
  const inWindow = context.judged.workloads.get(shard.workload);
  const asked = members.filter(wasAsked);
  const { targets } = context.input;
  const cells = fittingCells(learned.outcome.tables[shard.workload] ?? shard.cells, targets);
  const baselines = inWindow?.after ?? shard.baselines;
  const kept = keptOf(shard, members, context);
  const ids = new Set(kept.settled);
  const isWhole = members.every(({ decision }) => ids.has(decision.decision.id));
  return {
    ...shard,
    version: shard.version + 1,
    episodes: shard.episodes + (measured.length > 0 ? 1 : 0),
    cells,
    baselines,
    // What stands at the end of the ids can be taken back, and only as a whole.
    before: isWhole ? beforeOf(shard, { cells, baselines }, members.length) : undefined,
    load: updateBaseline(shard.load, inWindow?.rate),
    defaultSamples: shard.defaultSamples + (inWindow?.samples ?? 0),
    ...kept,
    followed: shard.followed + asked.filter((one) => one.decision.landed === one.asked).length,
    asked: shard.asked + asked.length,
  };
}

/**
 * Ids of a workload are needed as long as their Pods live; those of a tier as long as the decision
 * may be open in its workload's shard.
 */
function keptOf(
  shard: ModelShard,
  members: readonly Judgement[],
  { input, settled, keyOf }: Parameters<typeof nextShard>[3],
): Kept {
  const { workload } = shard;
  const added = new Set(members.map((one) => one.decision.decision.id));
  const isOfTier = isTier(workload);
  const own = (): PendingDecision[] =>
    input.standing.filter((decision) => keyOf({ decision }) === workload);
  return keptAfter(shard, [...added], {
    isNeeded: isOfTier ? input.isUnsettled : input.isAlive,
    standing: own,
    isOpen: (decision) =>
      !added.has(decision.decision.id) &&
      !settled(workload, decision) &&
      (!isOfTier || input.isUnsettled(decision.decision.id)),
    now: input.now,
  });
}

/** Adherence by target of a workload; absent as long as nothing was asked. */
function adherenceAfter(
  shard: ModelShard,
  members: readonly Judgement[],
): Pick<ModelShard, 'adherence'> {
  const asked = members.filter(wasAsked).map((one) => ({
    target: one.asked,
    followed: one.decision.landed === one.asked,
  }));
  const adherence = nextAdherence(shard.adherence, asked);
  return adherence === undefined ? {} : { adherence };
}

/**
 * Whether the Pod counts for adherence: bound, and asked to prefer a target. Whether it could be
 * measured later does not matter to where it landed. One whose target was required had no choice.
 */
function wasAsked(one: Judgement): boolean {
  const { decision, nodeName } = one.decision;
  return one.asked !== DEFAULT_ACTION && nodeName !== undefined && decision.required !== true;
}

function cellChanges(
  one: Judgement,
  { outcome, positions }: Learned,
  keyOf: (one: Judgement) => WorkloadKey,
): CellChange[] {
  const updates = outcome.steps[positions.get(one) ?? -1]?.updates ?? [];
  return updates.map(({ action, before, after }) => ({
    shard: keyOf(one),
    state: one.decision.decision.state,
    action,
    before,
    after,
  }));
}

/** Which decisions the shards hold, each read once. */
function settledIn(
  shardOf: (key: WorkloadKey) => ModelShard,
): (key: WorkloadKey, decision: PendingDecision) => boolean {
  const known = new Map<WorkloadKey, IsSettled>();
  return (key, { decision }) => {
    const isSettled = known.get(key) ?? settledBy(shardOf(key));
    known.set(key, isSettled);
    return isSettled(decision);
  };
}

function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => WorkloadKey,
): [WorkloadKey, readonly T[]][] {
  const groups = new Map<WorkloadKey, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups];
}

// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { choose } from '#agent/choosing/choose.ts';
import { learnEpisode, type EpisodeStep } from '#agent/learning/episode.ts';
import { holdoutShare, type HoldoutShare } from '#agent/choosing/holdout.ts';
import { hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import { LONE_WEIGHT, preferredTerm } from '#admission/patch/merge.ts';
import { tierOf } from '#admission/pod/tier.ts';
import { circuitBlocks } from '#admission/remembered/trials.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { holdoutSharesOf } from '#cluster/policy/holdout.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import { workloadKey, type WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { Episode } from '#learner/episodes/episodes.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { settleEpisode, type Settlement } from '#learner/settling/settle.ts';
import { tierKey } from '#learner/tick/shards.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { PLANNED_NAMESPACE } from '#simulator/trial/planner.ts';
import { rejection } from '#simulator/scheduler/filters.ts';
import { schedule } from '#simulator/scheduler/scheduler.ts';
import type { Trial } from '#simulator/trial/trial.ts';
import { AgentSight, nodesByTarget, type Targets } from './agent-sight.ts';
import { readingsOf, uidOf } from './readings.ts';
import type { PlacementScheduler, PodRequest, RolloutContext } from './scheduler.ts';
import type { World } from './world.ts';

/** How the agent differs from the one that is shipped. */
export interface AgentOptions {
  readonly policy: PolicySpec;
  /** False: learns the raw reward (-1 where the default scheduler stands at 0). */
  readonly centred: boolean;
  /** True: with the circuit breaker, as the webhook has it. */
  readonly breaker?: boolean;
}

/** Virtual time between two rollouts; nothing depends on it but timestamps. */
const ROLLOUT_MILLISECONDS = 600_000;
/** Advantage = reward + this, because every cost of the baseline is 1. */
const BASELINE_COST = 1;

/**
 * The product's agent in this process: the same states, choices, rewards and updates (`#agent`,
 * `#reward`, and the learner's pure settling), without a webhook, an API server and exporters in
 * between. The stock scheduler places the Pod with one preferred term, and may not follow it.
 */
export class AgentScheduler implements PlacementScheduler {
  readonly order: readonly string[];
  readonly pins = {};
  /** Pods that were asked to prefer a target, and those that landed there. */
  asked = 0;
  followed = 0;
  /** Chances of being held out, decision by decision of each rollout. */
  readonly shares: number[][] = [];
  /** Decisions by reason. */
  readonly reasons: Record<string, number> = {};
  #world: World;
  readonly #policy: PlacementPolicy;
  readonly #centred: boolean;
  readonly #breaker: boolean;
  readonly #run: string;
  #shards: ReadonlyMap<WorkloadKey, ModelShard> = new Map();
  readonly #sight: AgentSight;
  #decisions: PendingDecision[] = [];
  #count = 0;
  #now = 0;

  /** `run` names the draws: the same world and run give the same decisions. */
  constructor(world: World, options: AgentOptions, run: string) {
    this.#world = world;
    this.order = world.application.manifestOrder;
    this.#centred = options.centred;
    this.#breaker = options.breaker ?? false;
    this.#run = run;
    this.#policy = {
      namespace: PLANNED_NAMESPACE,
      name: 'simulated',
      generation: 1,
      builtIn: false,
      spec: options.policy,
    };
    this.#sight = new AgentSight(world, this.#policy);
  }

  changed(world: World): void {
    this.#world = world;
    this.#sight.changed(world);
  }

  begin(): void {
    this.#decisions = [];
    this.shares.push([]);
    this.#now += ROLLOUT_MILLISECONDS;
  }

  place(request: PodRequest, context: RolloutContext): string | undefined {
    const { spec } = this.#policy;
    const { pod } = request;
    const { planner, random } = context;
    const targets = nodesByTarget(planner.nodes, spec);
    const record = this.#decide(request, targets, context);
    const wanted = withPreference(pod, spec.topologyKey, record.action);
    const { nodeName } = schedule(wanted, planner.nodes, planner.selectorOf(pod), random);
    const landed = [...targets].find(([, nodes]) =>
      nodes.some(({ name }) => name === nodeName),
    )?.[0];
    if (record.action !== DEFAULT_ACTION && landed !== undefined) {
      this.asked++;
      if (landed === record.action) this.followed++;
    }
    const name = pod.metadata.name ?? '';
    const boundAt = nodeName === undefined ? undefined : this.#now;
    this.#decisions.push({
      decision: record,
      namespace: PLANNED_NAMESPACE,
      policy: this.#policy.name,
      podName: name,
      podUid: uidOf(name),
      owner: undefined,
      nodeName,
      landed,
      createdAt: this.#now,
      boundAt,
      readyAt: boundAt,
      leavingAt: undefined,
      finished: false,
    });
    return nodeName;
  }

  /** The decision as the webhook takes it and writes it on the Pod. */
  #decide({ pod, service }: PodRequest, targets: Targets, context: RolloutContext): DecisionRecord {
    const { spec } = this.#policy;
    const workload = workloadKey({ kind: 'Deployment', name: service });
    const tier = tierOf(pod.metadata.labels ?? {}, spec.tiers);
    const shard = this.#shards.get(workload);
    const possible = feasibleTargets(pod, targets, context);
    const placed = this.#decisions;
    const feasible = this.#sight.withHeadroom({ workload, targets, feasible: possible, placed });
    const state = this.#sight.stateOf({ workload, targets, feasible, placed });
    const id = `${this.#run}-${this.#count++}`;
    const share = this.#shareOf(workload);
    const choice = choose({
      state,
      actions: [DEFAULT_ACTION, ...feasible],
      table: shard?.cells,
      prior: this.#shards.get(tierKey(tier))?.cells,
      hyperparameters: hyperparametersOf(spec.learning),
      episodes: shard?.episodes ?? 0,
      defaultSamples: shard?.defaultSamples ?? 0,
      holdoutRatio: share.ratio,
      exploreAllowed: true,
      circuitOpen: this.#isBlocked(workload),
      generator: createGenerator(`${spec.learning.seed}/${id}`),
    });
    this.reasons[choice.reason] = (this.reasons[choice.reason] ?? 0) + 1;
    return {
      id,
      decidedAt: this.#now,
      workload,
      tier,
      state,
      action: choice.action,
      propensity: choice.propensity,
      holdout: choice.reason === 'holdout',
      policy: `${this.#policy.name}@1`,
      modelVersion: shard?.version ?? 0,
      ...(share.rested ? { rested: true as const } : {}),
    };
  }

  /** As the webhook takes it, and noted: what comparators hold out is measured by it. */
  #shareOf(workload: WorkloadKey): HoldoutShare {
    const rests = this.#sight.holdoutRests(workload);
    const share = holdoutShare(holdoutSharesOf(this.#policy.spec), rests);
    this.shares.at(-1)?.push(share.ratio);
    return share;
  }

  /** As a replica of the webhook does that sees every Pod. */
  #isBlocked(workload: WorkloadKey): boolean {
    if (!this.#breaker) return false;
    const circuit = this.#shards.get(workload)?.circuit;
    const sentSince = (from: number): number =>
      this.#decisions.filter(
        ({ decision: { workload: other, action, decidedAt } }) =>
          other === workload && action !== DEFAULT_ACTION && decidedAt >= from,
      ).length;
    return circuitBlocks(circuit, this.#policy.spec.circuitBreaker, this.#now, sentSince);
  }

  settle(trial: Trial): void {
    const { stage } = this.#world;
    const { spec } = this.#policy;
    const from = this.#now + 1000 * stage.warmUpSeconds;
    const window = { from, to: from + 1000 * stage.windowSeconds };
    const least = spec.measurement.minimumRequests;
    const measured = readingsOf(trial, this.#world.application, {
      namespace: PLANNED_NAMESPACE,
      window,
      minimumRequests: least,
    });
    const readings = { ...measured, ...this.#sight.curves() };
    const shards = new Map(this.#shards);
    const settlement = this.#settlement(readings, window.to);
    for (const shard of [...settlement.tiers, ...settlement.workloads]) {
      shards.set(shard.workload, shard);
    }
    if (!this.#centred) this.#relearn(settlement, shards);
    this.#shards = shards;
    this.#sight.observe({ readings, decisions: this.#decisions, shards, now: window.to });
  }

  #settlement(readings: WindowReadings, now: number): Settlement {
    const episode: Episode = {
      namespace: PLANNED_NAMESPACE,
      policy: this.#policy.name,
      decisions: this.#decisions,
      firstCreatedAt: this.#now,
      lastCreatedAt: this.#now,
    };
    return settleEpisode({
      policy: this.#policy,
      episode,
      plan: { kind: 'measure', readings },
      standing: this.#decisions,
      shards: this.#shards,
      targets: this.#targetNames(),
      isAlive: () => false,
      isUnsettled: () => false,
      patienceSeconds: Infinity,
      now,
    });
  }

  /** Learns the same episode from raw rewards: what centring is worth is measured against this. */
  #relearn(settlement: Settlement, shards: Map<WorkloadKey, ModelShard>): void {
    const actions = [DEFAULT_ACTION, ...this.#targetNames()];
    const hyperparameters = hyperparametersOf(this.#policy.spec.learning);
    const pass = (keyOf: (decision: PendingDecision) => WorkloadKey): void => {
      const steps = this.#decisions.map((one): EpisodeStep => {
        const record = settlement.records.find(({ decisionId }) => decisionId === one.decision.id);
        const asked = one.decision.holdout ? DEFAULT_ACTION : one.decision.action;
        const advantage = one.landed === undefined ? undefined : record?.advantage;
        return {
          table: keyOf(one),
          state: one.decision.state,
          asked,
          landed: one.landed ?? asked,
          reward: advantage === undefined ? undefined : advantage - BASELINE_COST,
          actions,
        };
      });
      const keys = new Set(steps.map(({ table }) => table));
      const tables = Object.fromEntries(
        [...keys].map((key) => [key, this.#shards.get(key)?.cells ?? {}]),
      );
      const episodes = Math.max(0, ...[...keys].map((key) => this.#shards.get(key)?.episodes ?? 0));
      const priors: Record<string, ModelShard['cells']> = {};
      for (const one of this.#decisions) {
        const tier = tierKey(one.decision.tier);
        const cells = this.#shards.get(tier)?.cells;
        if (keyOf(one) !== tier && cells !== undefined) priors[keyOf(one)] = cells;
      }
      const learned = learnEpisode({ steps, tables, priors, hyperparameters, episodes });
      for (const key of keys) {
        const shard = shards.get(key);
        if (shard !== undefined) shards.set(key, { ...shard, cells: learned.tables[key] ?? {} });
      }
    };
    pass(({ decision }) => decision.workload);
    pass(({ decision }) => tierKey(decision.tier));
  }

  #targetNames(): string[] {
    const { topologyKey, targets } = this.#policy.spec;
    if (targets.length > 0) return [...targets];
    const names = this.#world.machines.map(({ name, labels }) =>
      topologyKey === 'kubernetes.io/hostname' ? name : labels[topologyKey],
    );
    return [...new Set(names.filter((name) => name !== undefined))];
  }
}

/** Targets with a node that the stock filters leave. */
function feasibleTargets(pod: KubeObject, targets: Targets, { planner }: RolloutContext): string[] {
  return [...targets].flatMap(([target, nodes]) =>
    nodes.some((node) => rejection(pod, node, planner.nodes) === undefined) ? [target] : [],
  );
}

/** The Pod with the one term that the webhook injects. */
function withPreference(pod: KubeObject, topologyKey: string, action: Action): KubeObject {
  if (action === DEFAULT_ACTION) return pod;
  const term = preferredTerm({ topologyKey, value: action }, LONE_WEIGHT);
  const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [term] };
  return { ...pod, spec: { ...pod.spec, affinity: { nodeAffinity } } };
}

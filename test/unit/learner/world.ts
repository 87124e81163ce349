// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { isActedUpon } from '#agent/choosing/canary.ts';
import { choose } from '#agent/choosing/choose.ts';
import { hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import { circuitBlocks } from '#admission/remembered/trials.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { createLearner, type Learner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import type { LearnerMetrics } from '#learner/tick/ports.ts';
import type { SettlementRecord } from '#learner/judging/settlement.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type {
  LatencyWindow,
  NodeLoad,
  PodLatency,
  PowerWindow,
  Window,
} from '#telemetry/reading/source.ts';
import { KEY, T0, node, signedPod } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const NAMESPACE = 'shop';

/** A policy that settles fast: warm-up 10 s, window 60 s, gap 20 s. */
export function policyWith(over: Partial<PolicySpec> = {}): PlacementPolicy {
  const spec: PolicySpec = {
    ...DEFAULT_POLICY_SPEC,
    measurement: {
      warmUpSeconds: 10,
      windowSeconds: 60,
      minimumRequests: 10,
      staleAfterSeconds: 60,
      episodeGapSeconds: 20,
    },
    ...over,
  };
  return { namespace: NAMESPACE, name: 'default', generation: 1, builtIn: false, spec };
}

/** A measured reading over the window. */
export function measured(value: number, window: Window): Reading {
  const windowSeconds = (window.to - window.from) / 1000;
  return { kind: 'measured', value, windowSeconds, samples: 4, ageSeconds: 5, quality: 'measured' };
}

const SILENT: LearnerMetrics = {
  settled: () => undefined,
  censored: () => undefined,
  rejected: () => undefined,
  conflict: () => undefined,
  publishFailure: () => undefined,
  telemetryFailure: () => undefined,
  tick: () => undefined,
  backlog: () => undefined,
  orphaned: () => undefined,
  circuits: () => undefined,
  adherence: () => undefined,
  workloadAdherence: () => undefined,
  enforced: () => undefined,
  eviction: () => undefined,
};

/**
 * A small cluster whose truth is known: nodes with a price in joules per request, a scheduler that
 * follows a preference only sometimes, load that varies, noise on everything. Everything is drawn
 * from one seed.
 */
export class World {
  now = T0;
  leader = true;
  readonly store = new MemoryStore();
  readonly pods = new Map<string, SlimPod>();
  readonly nodes: Map<string, SlimNode>;
  readonly records: SettlementRecord[] = [];
  /** Joules per request by node. */
  joulesPerRequest: Record<string, number>;
  /** Requests per second of the whole workload. */
  rate = 100;
  /** Chance that the scheduler follows a preference. */
  followed = 0.9;
  /** Nodes without power telemetry. */
  readonly dark = new Set<string>();
  /** Telemetry has no answer at all. */
  silent = false;
  questions = 0;
  policy: PlacementPolicy;
  /** Factor on p99 by node. */
  slowness: Readonly<Record<string, number>> = {};
  /** From so many Pods of one workload on a node on, they slow each other down fivefold. */
  crowd = Infinity;
  /** The default scheduler puts a Pod where fewest of its workload are, instead of anywhere. */
  spreads = false;
  readonly #random: Generator;
  readonly #seed: number;
  #ids = 0;

  constructor(seed: number, policy = policyWith(), price = { 'worker-1': 1, 'worker-2': 0.7 }) {
    this.#seed = seed;
    this.policy = policy;
    this.joulesPerRequest = price;
    this.nodes = new Map(Object.keys(price).map((name) => [name, node(name)]));
    this.#random = createGenerator(`world ${seed}`);
  }

  /** A leader; several may live one after another, or at the same time. */
  learner(over: Partial<LearnerOptions> = {}): Learner {
    return createLearner({
      view: {
        synced: true,
        node: (name) => this.nodes.get(name),
        nodesByLabel: () => new Map([...this.nodes].map(([name, one]) => [name, [one]])),
        pods: () => this.pods.values(),
      },
      namespaces: () => [NAMESPACE],
      policies: { policyFor: () => this.policy },
      models: this.store,
      store: this.store,
      decisionKeys: KEY,
      now: () => this.now,
      isLeader: () => this.leader,
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      metrics: SILENT,
      onSettled: (record) => this.records.push(record),
      limits: { ingestDelaySeconds: 0, patienceSeconds: 120 },
      power: { power: (window) => this.#answer(() => this.power(window)) },
      latency: { latency: (window) => this.#answer(() => this.latency(window)) },
      load: { load: (window) => this.#answer(() => this.load(window)) },
      ...over,
    });
  }

  /** Uniform in [0, 1). */
  draw(): number {
    return this.#random.next();
  }

  /** A factor around 1, at most `width` away from it. */
  noise(width: number): number {
    return 1 + (this.draw() + this.draw() + this.draw() - 1.5) * (width / 1.5);
  }

  /** Replaces the Pods of a workload by `replicas` new ones that the agent places. */
  rollOut(replicas: number, workload = 'Deployment/frontend'): DecisionRecord[] {
    for (const pod of [...this.pods.values()]) {
      if (pod.labels['workload'] === workload) this.pods.delete(pod.uid);
    }
    return Array.from({ length: replicas }, () => this.create(workload).decision);
  }

  /** Creates one Pod: asks the agent, then lets the scheduler bind it, and it becomes Ready. */
  create(workload = 'Deployment/frontend'): { decision: DecisionRecord; pod: SlimPod } {
    const { spec, name, generation } = this.policy;
    const shard = this.store.shard(NAMESPACE, name, workload);
    const id = `decision-${(this.#ids += 1)}`;
    const observation = this.store.observation(NAMESPACE, name);
    const targets = [...this.nodes.keys()].filter(
      (target) => observation?.targets[target]?.health === 'healthy',
    );
    const state = `load=${observation?.workloads[workload]?.loadBucket ?? 'unknown'}`;
    const choice = choose({
      state,
      actions: [DEFAULT_ACTION, ...targets],
      table: shard?.cells,
      prior: this.store.shard(NAMESPACE, name, 'Tier/business')?.cells,
      hyperparameters: hyperparametersOf(spec.learning),
      episodes: shard?.episodes ?? 0,
      defaultSamples: shard?.defaultSamples ?? 0,
      holdoutRatio: spec.holdoutPercent / 100,
      exploreAllowed: true,
      circuitOpen: this.#circuitBlocks(shard, workload),
      generator: createGenerator(`${spec.learning.seed} ${id} ${this.draw()}`),
    });
    const acted = isActedUpon(`${this.#seed}/${id}`, spec.canaryPercent / 100);
    const shadow = spec.mode === 'Shadow' || !acted;
    const nodeName = this.schedule(shadow ? DEFAULT_ACTION : choice.action, workload);
    const decision: Partial<DecisionRecord> = {
      id,
      decidedAt: this.now,
      workload,
      state,
      action: choice.action,
      propensity: choice.propensity,
      holdout: choice.reason === 'holdout',
      policy: `${name}@${generation}`,
      ...(shadow ? { shadow: true as const } : {}),
    };
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: workload, uid: workload };
    const pod = signedPod(decision, { uid: `pod-of-${id}`, nodeName, owner, labels: { workload } });
    this.pods.set(pod.uid, pod);
    return { decision: { ...(decision as DecisionRecord) }, pod };
  }

  /** Where the scheduler puts a Pod: it follows a preference sometimes, else it spreads evenly. */
  schedule(action: string, workload = ''): string {
    const names = [...this.nodes.keys()];
    if (this.nodes.has(action)) {
      if (this.draw() < this.followed) return action;
      const others = names.filter((name) => name !== action);
      return others[Math.floor(this.draw() * others.length)] ?? action;
    }
    if (this.spreads) {
      return names.reduce((best, name) =>
        this.#crowdOn(name, workload) < this.#crowdOn(best, workload) ? name : best,
      );
    }
    return names[Math.floor(this.draw() * names.length)] ?? '';
  }

  #crowdOn(nodeName: string | undefined, workload: string | undefined): number {
    return [...this.pods.values()].filter(
      (one) => one.nodeName === nodeName && one.labels['workload'] === workload,
    ).length;
  }

  /** As a replica does that sees every Pod. */
  #circuitBlocks(shard: ModelShard | undefined, workload: string): boolean {
    return circuitBlocks(shard?.circuit, this.policy.spec.circuitBreaker, this.now, (from) => {
      let count = 0;
      for (const { labels, annotations } of this.pods.values()) {
        const asked = annotations[DECISION_ANNOTATIONS.action] !== DEFAULT_ACTION;
        const at = Number(annotations[DECISION_ANNOTATIONS.decidedAt]);
        if (labels['workload'] === workload && asked && at >= from) count += 1;
      }
      return count;
    });
  }

  /** Lets so many seconds go by. */
  pass(seconds: number): void {
    this.now += seconds * 1000;
  }

  power(window: Window): PowerWindow {
    const podJoules = new Map<string, Reading>();
    const attributed = new Map<string, number>();
    for (const pod of this.pods.values()) {
      if (pod.nodeName === undefined || this.dark.has(pod.nodeName)) continue;
      const price = this.joulesPerRequest[pod.nodeName] ?? Number.NaN;
      const joules = this.requestsOf(pod, window) * price * this.noise(0.1);
      podJoules.set(pod.uid, measured(joules, window));
      attributed.set(pod.nodeName, (attributed.get(pod.nodeName) ?? 0) + joules);
    }
    const seconds = (window.to - window.from) / 1000;
    const lit = [...this.nodes.keys()].filter((name) => !this.dark.has(name));
    return {
      podJoules,
      attributedJoules: new Map(
        [...attributed].map(([name, sum]) => [name, measured(sum, window)]),
      ),
      nodeWatts: new Map(
        lit.map((name) => [
          name,
          measured(Math.max(attributed.get(name) ?? 0, 60) / seconds, window),
        ]),
      ),
    };
  }

  latency(window: Window): LatencyWindow {
    const pods = new Map<string, PodLatency>();
    for (const pod of this.pods.values()) {
      const crowded = this.#crowdOn(pod.nodeName, pod.labels['workload']) >= this.crowd;
      const slow = (this.slowness[pod.nodeName ?? ''] ?? 1) * (crowded ? 5 : 1);
      const p99 = 20 * (0.5 + this.rate / 200) * this.noise(0.1) * slow;
      pods.set(`${pod.namespace}/${pod.name}`, {
        requests: measured(this.requestsOf(pod, window), window),
        p50Milliseconds: measured(p99 / 4, window),
        p99Milliseconds: measured(p99, window),
        errorRatio: measured(0, window),
      });
    }
    return { pods, edges: [] };
  }

  load(window: Window): ReadonlyMap<string, NodeLoad> {
    const cpu = Math.min(0.95, this.rate / 300);
    return new Map(
      [...this.nodes.keys()].map((name) => [
        name,
        {
          cpuRatio: measured(cpu * this.noise(0.05), window),
          memoryRatio: measured(0.4, window),
        },
      ]),
    );
  }

  /** Requests of one Pod: the workload's rate, shared evenly. */
  requestsOf(pod: SlimPod, window: Window): number {
    const siblings = [...this.pods.values()].filter(
      (one) => one.labels['workload'] === pod.labels['workload'],
    );
    return (this.rate * ((window.to - window.from) / 1000)) / Math.max(1, siblings.length);
  }

  #answer<T>(make: () => T): Promise<T> {
    this.questions += 1;
    if (this.silent) return Promise.reject(new Error('Prometheus is not there'));
    return Promise.resolve(make());
  }
}

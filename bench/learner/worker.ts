// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '#cluster/api/client.ts';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import { decodeModel, encodeShard } from '#cluster/model/codec.ts';
import { ModelStore } from '#cluster/model/store.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { createLearner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import type { ShardStore } from '#learner/tick/ports.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { Window } from '#telemetry/reading/source.ts';

/*
 * The learner's work in a process of its own: one settling cycle over many placements, and the
 * publication of a large model to an API server.
 */

/** What a settling cycle cost. */
export interface Settled {
  readonly cpuSeconds: number;
  readonly queries: number;
  readonly settled: number;
}

/** What a publication cost on the writer's and on a reader's side. */
export interface Published {
  readonly writerCpuSeconds: number;
  readonly wallSeconds: number;
  readonly readerCpuSeconds: number;
  readonly bytesPerObject: number;
}

type Order =
  | { readonly kind: 'settle'; readonly placements: number }
  | {
      readonly kind: 'publish';
      readonly workloads: number;
      readonly url: string;
      readonly version: number;
    };

const KEY = 'a key for measurements only';
const START = Date.UTC(2026, 10, 22, 6, 30);
const NODES = 50;
/** Replicas of one workload. */
const REPLICAS = 20;
const NAMESPACE = 'shop';
const POLICY = {
  namespace: NAMESPACE,
  name: 'default',
  generation: 1,
  builtIn: false,
  spec: parsePolicySpec({}),
};

process.on('message', (order: Order) => {
  const work = order.kind === 'settle' ? settle(order.placements) : publish(order);
  void work.then((result) => process.send?.({ result }));
});
process.once('disconnect', () => process.exit());

async function settle(placements: number): Promise<Settled> {
  const pods = Array.from({ length: placements }, (_, index) => placedPod(index));
  const nodes = new Map<string, SlimNode>(
    Array.from({ length: NODES }, (_, index) => [`node-${index}`, nodeOf(index)]),
  );
  let queries = 0;
  let settled = 0;
  const ask = <T>(answer: () => T): Promise<T> => {
    queries += 1;
    return Promise.resolve(answer());
  };
  const store = new MemoryStore();
  const { windowSeconds, warmUpSeconds, episodeGapSeconds } = POLICY.spec.measurement;
  const now = START + 1000 * (windowSeconds + warmUpSeconds + episodeGapSeconds + 120);
  const options: LearnerOptions = {
    view: {
      synced: true,
      node: (name) => nodes.get(name),
      nodesByLabel: () => new Map([...nodes].map(([name, node]) => [name, [node]])),
      pods: () => pods,
    },
    namespaces: () => [NAMESPACE],
    policies: { policyFor: () => POLICY },
    models: store,
    store,
    decisionKeys: KEY,
    now: () => now,
    isLeader: () => true,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    metrics: SILENT,
    onSettled: () => {
      settled += 1;
    },
    limits: { ingestDelaySeconds: 0 },
    power: { power: (window) => ask(() => powerOf(window, pods)) },
    latency: { latency: (window) => ask(() => latencyOf(window, pods)) },
    load: { load: (window) => ask(() => loadOf(window, nodes.keys())) },
  };
  const start = process.cpuUsage();
  await createLearner(options).tick();
  return { cpuSeconds: secondsSince(start), queries, settled };
}

async function publish(order: Extract<Order, { kind: 'publish' }>): Promise<Published> {
  const config = new PooledKubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'bench', server: order.url, skipTLSVerify: true }],
    users: [{ name: 'bench' }],
    contexts: [{ name: 'bench', cluster: 'bench', user: 'bench' }],
    currentContext: 'bench',
  });
  const client = new KubeClient(config, { random: Math.random, sleep: (ms) => sleep(ms) });
  const store = new ModelStore(client, 1);
  const shards = Array.from({ length: order.workloads }, (_, index) =>
    shardOf(index, order.version),
  );
  const begun = performance.now();
  const start = process.cpuUsage();
  // As the learner does: one after another.
  for (const shard of shards) {
    const { kind } = await store.writeShard(shard);
    if (kind !== 'written') throw new Error(`a shard was not written: ${kind}`);
  }
  const writerCpuSeconds = secondsSince(start);
  const wallSeconds = (performance.now() - begun) / 1000;
  await config.close();
  const texts = shards.map((shard) => JSON.stringify(encodeShard(shard)));
  const reading = process.cpuUsage();
  for (const text of texts) decodeModel(NAMESPACE, JSON.parse(text));
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    writerCpuSeconds,
    wallSeconds,
    readerCpuSeconds: secondsSince(reading),
    bytesPerObject: bytes / texts.length,
  };
}

/** A bound, Ready Pod with a signed decision. */
function placedPod(index: number): SlimPod {
  const workload = Math.floor(index / REPLICAS);
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: `service-${workload}-aaaa`,
    uid: `owner-${workload}`,
  };
  const action = index % 4 === 0 ? '(default)' : `node-${(index * 7) % NODES}`;
  const pod = {
    uid: `pod-${index}`,
    namespace: NAMESPACE,
    name: `service-${workload}-aaaa-${index}`,
    labels: {},
    annotations: {},
    owner,
    nodeName: action === '(default)' ? `node-${index % NODES}` : action,
    podIP: undefined,
    phase: 'Running',
    createdAt: START,
    boundAt: START + 1000,
    readyAt: START + 2000,
    deletedAt: undefined,
    requests: { cpuMillicores: 100, memoryBytes: 0 },
    requiredAntiAffinity: [],
  };
  const record = {
    id: `decision-${index}`,
    decidedAt: START,
    workload: `Deployment/service-${workload}`,
    tier: 'business',
    state: 'load=normal',
    action,
    propensity: 0.5,
    holdout: action === '(default)',
    policy: 'default@1',
    modelVersion: 0,
  };
  return { ...pod, annotations: annotationsOf(record, subjectOf(pod), KEY) };
}

function nodeOf(index: number): SlimNode {
  return {
    name: `node-${index}`,
    labels: { 'kubernetes.io/hostname': `node-${index}` },
    taints: [],
    unschedulable: false,
    ready: true,
    allocatable: { cpuMillicores: 64_000, memoryBytes: 2 ** 38, pods: 500 },
  };
}

/** A model after some rollouts: two states, ten actions each. */
function shardOf(index: number, version: number): ModelShard {
  const row = Object.fromEntries(
    Array.from({ length: 10 }, (_, action) => [
      `node-${action}`,
      { value: Math.sin(index + action) / 10, weight: action + version },
    ]),
  );
  const statistics = { mean: 1.2345678901, variance: 0.0123456789, weight: 12 };
  const costs = { joulesPerRequest: statistics, p99Milliseconds: statistics };
  return {
    namespace: NAMESPACE,
    policy: 'default',
    workload: `Deployment/service-${index}`,
    version,
    episodes: version,
    cells: { 'load=normal': row, 'load=high': row },
    baselines: { normal: costs, high: costs },
    load: statistics,
    defaultSamples: 12,
    settled: Array.from({ length: 20 }, (_, pod) => `decision-${index}-${pod}`),
    followed: 10,
    asked: 12,
  };
}

function measured(value: number, { from, to }: Window): Reading {
  const windowSeconds = (to - from) / 1000;
  return { kind: 'measured', value, windowSeconds, samples: 4, ageSeconds: 5, quality: 'measured' };
}

function powerOf(
  window: Window,
  pods: readonly SlimPod[],
): Awaited<ReturnType<LearnerOptions['power']['power']>> {
  const nodes = Array.from({ length: NODES }, (_, index) => `node-${index}`);
  return {
    podJoules: new Map(pods.map((pod, index) => [pod.uid, measured(50 + (index % 13), window)])),
    attributedJoules: new Map(nodes.map((name) => [name, measured(9000, window)])),
    nodeWatts: new Map(nodes.map((name) => [name, measured(150, window)])),
  };
}

function latencyOf(
  window: Window,
  pods: readonly SlimPod[],
): Awaited<ReturnType<LearnerOptions['latency']['latency']>> {
  const of = (index: number) => ({
    requests: measured(500 + (index % 17), window),
    p50Milliseconds: measured(5, window),
    p99Milliseconds: measured(20 + (index % 7), window),
    errorRatio: measured(0, window),
  });
  return {
    pods: new Map(pods.map((pod, index) => [`${pod.namespace}/${pod.name}`, of(index)])),
    edges: [],
  };
}

function loadOf(
  window: Window,
  nodes: Iterable<string>,
): Awaited<ReturnType<LearnerOptions['load']['load']>> {
  return new Map(
    [...nodes].map((name) => [
      name,
      { cpuRatio: measured(0.4, window), memoryRatio: measured(0.4, window) },
    ]),
  );
}

const SILENT: LearnerOptions['metrics'] = {
  settled: () => undefined,
  censored: () => undefined,
  rejected: () => undefined,
  conflict: () => undefined,
  publishFailure: () => undefined,
  telemetryFailure: () => undefined,
  tick: () => undefined,
  backlog: () => undefined,
  orphaned: () => undefined,
  adherence: () => undefined,
  circuits: () => undefined,
  workloadAdherence: () => undefined,
  enforced: () => undefined,
  eviction: () => undefined,
};

/** The API server's part, in memory: what a cycle costs without the network. */
class MemoryStore implements ShardStore {
  readonly #shards = new Map<string, ModelShard>();
  #observation: Observation | undefined;

  shard(_namespace: string, _policy: string, workload: string): ModelShard | undefined {
    return this.#shards.get(workload);
  }

  observation(): Observation | undefined {
    return this.#observation;
  }

  readShard(
    _namespace: string,
    _policy: string,
    workload: string,
  ): Promise<ModelShard | undefined> {
    return Promise.resolve(this.#shards.get(workload));
  }

  writeShard(shard: ModelShard): Promise<{ kind: 'written' }> {
    this.#shards.set(shard.workload, shard);
    return Promise.resolve({ kind: 'written' });
  }

  deleteShard(shard: ModelShard): Promise<{ kind: 'deleted' }> {
    this.#shards.delete(shard.workload);
    return Promise.resolve({ kind: 'deleted' });
  }

  writeObservation(observation: Observation): Promise<{ kind: 'written' }> {
    this.#observation = observation;
    return Promise.resolve({ kind: 'written' });
  }
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

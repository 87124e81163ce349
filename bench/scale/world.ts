// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createAdmission, type Admission } from '#admission/handling/admission.ts';
import { TARGET_LIMIT, TargetOrder } from '#admission/targets/targets.ts';
import type { AuditSink } from '#audit/sink.ts';
import { LiveClusterView } from '#cluster/mirror/live-view.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PlacementPolicy, PolicyView } from '#cluster/policy/policy.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { projectNode } from '#cluster/objects/project.ts';
import type { SlimNamespace, SlimNode, SlimOwner, SlimPod } from '#cluster/objects/slim.ts';
import { Store } from '#cluster/watch/store.ts';
import { deploymentName, NAMESPACE, WORKLOADS } from '../admission/review.ts';

type Json = Record<string, unknown>;

const RENEW_MILLISECONDS = 10_000;
const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** Label of a node's pool, where a world has pools. */
export const POOL_LABEL = 'example.com/pool';

/** What a {@link World} is like beside its size. */
export interface WorldOptions {
  readonly topologyKey?: string;
  readonly pools?: number;
  /** CPU and memory of every node; default 64 cores and 252 GiB. */
  readonly room?: { readonly cpu: string; readonly memory: string };
}

/**
 * A cluster of any size in the memory of this process, read through the product's own stores and
 * views, as its informers would have filled them.
 */
export class World {
  readonly stores = {
    nodes: new Store<SlimNode>(fail),
    pods: new Store<SlimPod>(fail),
    namespaces: new Store<SlimNamespace>(fail),
    owners: { ReplicaSet: new Store<SlimOwner>(fail), Job: new Store<SlimOwner>(fail) },
  };
  readonly view = new LiveClusterView(this.stores, () => true);
  /** What is learned, as it stands. */
  readonly models: ModelView = {
    shard: (...names) => this.#models.shard(...names),
    observation: (...names) => this.#models.observation(...names),
  };
  readonly #policy: PlacementPolicy;
  #models: ModelView = { shard: () => undefined, observation: () => undefined };
  #version = 0;
  #ids = 0;

  /**
   * @param nodes how many
   * @param pods how many, spread over the nodes and namespaces evenly
   * @param options `topologyKey` of the policy, default the hostname; `pools` = how many values of
   *   {@link POOL_LABEL} the nodes have, default none
   */
  constructor(nodes: number, pods: number, options: WorldOptions = {}) {
    const { topologyKey = HOSTNAME_LABEL } = options;
    for (let index = 0; index < nodes; index += 1) this.putNode(rawNode(index, options));
    this.#put(this.stores.namespaces, NAMESPACE, {
      name: NAMESPACE,
      labels: { 'perihelion.dev/placement': 'enabled' },
    });
    for (let index = 0; index < pods; index += 1) this.putPod(rawPod(index, nodes));
    this.#policy = {
      namespace: NAMESPACE,
      name: 'bench',
      generation: 1,
      builtIn: false,
      spec: parsePolicySpec({ topologyKey, exploration: { budgetPerHour: 100_000 } }),
    };
    this.learn([...this.view.nodesByLabel(topologyKey).keys()]);
  }

  /** Gives every workload a model that knows the targets it chooses among, all of them healthy. */
  learn(names: readonly string[]): void {
    const order = new TargetOrder();
    const nodesByTarget = this.view.nodesByLabel(this.#policy.spec.topologyKey);
    const shards = new Map<string, ModelShard>();
    for (let index = 0; index < WORKLOADS; index += 1) {
      const workload = `Deployment/${deploymentName(index)}`;
      const targets = order.of(nodesByTarget, `${NAMESPACE}/${workload}`);
      shards.set(workload, shardOf(workload, [...targets].slice(0, TARGET_LIMIT)));
    }
    let observation = observationOf(names);
    this.#models = {
      shard: (_namespace, _policy, workload) => shards.get(workload),
      // As old as a learner would leave it: without a fresh one no target may be chosen at all.
      observation: () => {
        const now = Date.now();
        if (now - observation.observedAt > RENEW_MILLISECONDS) {
          observation = { ...observation, observedAt: now };
        }
        return observation;
      },
    };
  }

  /** Takes in a raw Node as a watch would bring it. */
  putNode(raw: Json): void {
    const node = projectNode(raw);
    this.#put(this.stores.nodes, node.name, node);
  }

  /** Takes in a raw Pod as a watch would bring it. */
  putPod(raw: Json): void {
    const pod = projectPod(raw);
    this.#put(this.stores.pods, `${pod.namespace}/${pod.name}`, pod);
  }

  /** The policy in force everywhere. */
  readonly policies: PolicyView = { policyFor: () => this.#policy };

  /** The product's admission path over this world. */
  admission(audit: Pick<AuditSink, 'write'>): Admission {
    const admission = createAdmission({
      view: this.view,
      policies: this.policies,
      models: this.models,
      audit,
      registry: new Registry(),
      logger: pino({ level: 'silent' }),
      now: () => Date.now(),
      elapsed: () => performance.now(),
      newId: () => {
        this.#ids += 1;
        return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
      },
      decisionKey: Buffer.alloc(32, 7),
      ownNamespace: 'perihelion-system',
      versions: { perihelion: 'bench' },
    });
    this.view.onPod((change) => {
      if (change.after !== undefined) admission.podSeen(change.after);
    });
    for (const pod of this.view.allPods()) admission.podSeen(pod);
    return admission;
  }

  #put<T>(store: Store<T>, key: string, value: T): void {
    this.#version += 1;
    store.upsert(key, { uid: key, resourceVersion: String(this.#version), value });
  }
}

/** Name of a node; sorted as counted. */
export function nodeName(index: number): string {
  return `node-${String(index).padStart(6, '0')}`;
}

/** A Node as the API server sends it, with the labels and conditions of a cloud's. */
export function rawNode(index: number, options: WorldOptions = {}): Json {
  const { pools = 0, room = { cpu: '64', memory: '263856316Ki' } } = options;
  const name = nodeName(index);
  const condition = (type: string, status: string): Json => ({
    type,
    status,
    reason: `Kubelet${type}`,
    message: 'kubelet is posting its status',
    lastHeartbeatTime: '2026-11-22T06:30:00Z',
    lastTransitionTime: '2026-11-22T06:00:00Z',
  });
  const amounts = { ...room, pods: '1000000', 'ephemeral-storage': '1Ti' };
  return {
    metadata: {
      name,
      uid: `node-uid-${index}`,
      resourceVersion: '1',
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': 'standard-64',
        'topology.kubernetes.io/region': 'region-1',
        'topology.kubernetes.io/zone': `zone-${index % 3}`,
        ...(pools > 0 ? { [POOL_LABEL]: `pool-${index % pools}` } : {}),
      },
    },
    spec: { podCIDR: '10.0.0.0/24', providerID: `cloud://${name}` },
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [condition('MemoryPressure', 'False'), condition('Ready', 'True')],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    },
  };
}

/** A bound, running Pod as the API server sends it. */
export function rawPod(index: number, nodes: number, phase = 'Running'): Json {
  const workload = index % WORKLOADS;
  const group = Math.floor(index / 200);
  const name = `${deploymentName(workload)}-${group}`;
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-22T06:10:05Z' };
  const scheduled = { ...ready, type: 'PodScheduled', lastTransitionTime: '2026-11-22T06:10:00Z' };
  return {
    metadata: {
      name: `${name}-${index}`,
      namespace: index < 1000 ? NAMESPACE : `team-${group % 200}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: '1',
      creationTimestamp: '2026-11-22T06:09:59Z',
      labels: { app: name, 'pod-template-hash': 'aaaa', 'app.kubernetes.io/name': name },
      annotations: { 'prometheus.io/scrape': 'true', 'example.com/checksum': 'a'.repeat(64) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${name}-aaaa`,
          uid: `00000000-0000-4000-9000-${String(group * WORKLOADS + workload).padStart(12, '0')}`,
          controller: true,
        },
      ],
    },
    spec: {
      nodeName: nodeName(index % nodes),
      schedulerName: 'default-scheduler',
      containers: [
        {
          name: 'main',
          image: 'registry.example.com/main:1.0',
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
          env: Array.from({ length: 12 }, (_, variable) => ({
            name: `SETTING_${variable}`,
            value: 'a value of a common length',
          })),
        },
      ],
    },
    status: { phase, podIP: '10.1.2.3', conditions: [scheduled, ready] },
  };
}

type Row = ModelShard['cells'][string];

function shardOf(workload: string, names: readonly string[]): ModelShard {
  const row: Row = Object.fromEntries(
    names.map((name, index) => [name, { value: Math.sin(index) / 10, weight: 1 + (index % 5) }]),
  );
  return {
    namespace: NAMESPACE,
    policy: 'bench',
    workload,
    version: 50,
    episodes: 50,
    cells: { 'load=normal': row, all: row, ...leastRows(names, row) },
    baselines: {},
    load: { mean: 100, variance: 25, weight: 50 },
    defaultSamples: 12,
    settled: [],
    followed: 40,
    asked: 48,
  };
}

/** With a handful of targets a state names the least-pressured one, and has a row of its own. */
function leastRows(names: readonly string[], row: Row): ModelShard['cells'] {
  if (names.length > 10) return {};
  const load = names.length > 4 ? '' : 'load=normal,';
  return Object.fromEntries(names.map((name) => [`${load}least=${name}`, row]));
}

function observationOf(names: readonly string[]): Observation {
  const seen = { health: 'healthy' as const, cpuRatio: 0.3, memoryRatio: 0.3, watts: 90 };
  return {
    namespace: NAMESPACE,
    policy: 'bench',
    observedAt: Date.now(),
    targets: Object.fromEntries(names.map((name) => [name, seen])),
    workloads: Object.fromEntries(
      Array.from({ length: WORKLOADS }, (_, index) => [
        `Deployment/${deploymentName(index)}`,
        {
          loadBucket: 'normal' as const,
          peers: [`Deployment/${deploymentName((index + 1) % WORKLOADS)}`],
          cpuCores: 0.2,
        },
      ]),
    ),
  };
}

function fail(error: unknown): never {
  throw error;
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { encodeObservation, encodeShard } from '#cluster/model/codec.ts';
import { modelLabels, observationName, shardName } from '#cluster/model/name.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { concaveCurve } from '#simulator/machines/power-curve.ts';
import { deploymentName, NAMESPACE, WORKLOADS } from './review.ts';

/*
 * The cluster that the product under measurement watches: the simulator's API server with 50
 * nodes, some hundred Pods and a learned model, in a process of its own. Stays until its parent
 * ends. Arguments: file of the CA that the product's certificate is of, and how many pools the nodes
 * belong to; 0 = the policy chooses among hostnames.
 */
const [authority = '', pools = '0'] = process.argv.slice(2);
const POOLS = Number(pools);
const POOL_LABEL = 'example.com/pool';

const NODES = 50;
/** Bound Pods of each workload. */
const REPLICAS = 25;
const SYSTEM_NAMESPACE = 'perihelion-system';
const POLICY = 'bench';
/** An observation older than a minute does not count, so it is renewed as the learner would. */
const RENEW_MILLISECONDS = 10_000;

const cluster = createCluster({
  application: hotelReservation,
  machines: Array.from({ length: NODES }, (_, index) => ({
    name: nodeName(index),
    model: 'bench',
    // A run sends more Pods than these machines would hold; the way of a Pod that finds no room
    // is shorter and not what is measured.
    cores: 4000,
    memoryBytes: 2 ** 45,
    speed: 1,
    systemCores: 0.1,
    curve: concaveCurve(40, 160),
    labels: {
      'topology.kubernetes.io/zone': `zone-${index % 3}`,
      ...(POOLS > 0 ? { [POOL_LABEL]: poolName(index % POOLS) } : {}),
    },
    taints: [],
  })),
  seed: 1,
  namespace: NAMESPACE,
  namespaceLabels: { [PLACEMENT_LABEL]: 'enabled' },
  startTime: Date.now() - 1000,
});
await cluster.start();
await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } });
for (const node of cluster.objects('nodes')) await roomFor(node);
await apply({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'perihelion' },
  webhooks: [
    {
      name: 'placement.perihelion.dev',
      // Nothing is sent from here: the load generator is the API server's part.
      clientConfig: {
        service: { name: 'perihelion', namespace: SYSTEM_NAMESPACE },
        caBundle: readFileSync(authority).toString('base64'),
      },
      rules: [],
      namespaceSelector: { matchLabels: { never: 'matches' } },
      admissionReviewVersions: ['v1'],
      sideEffects: 'NoneOnDryRun',
      failurePolicy: 'Ignore',
    },
  ],
});
await apply({
  apiVersion: 'perihelion.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: POLICY, namespace: NAMESPACE },
  spec: {
    exploration: { budgetPerHour: 100_000 },
    ...(POOLS > 0 ? { topologyKey: POOL_LABEL } : {}),
  },
});
for (let index = 0; index < WORKLOADS; index += 1) {
  for (let replica = 0; replica < REPLICAS; replica += 1) await apply(podOf(index, replica));
  const { workload } = shardOf(index);
  await apply({
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementModel',
    metadata: {
      name: shardName(POLICY, workload),
      namespace: NAMESPACE,
      labels: modelLabels(POLICY, 'shard'),
    },
    spec: { ...encodeShard(shardOf(index)) },
  });
}
await publish();
setInterval(() => void publish(), RENEW_MILLISECONDS);
process.once('disconnect', () => process.exit());
process.send?.({ kubeconfig: cluster.kubeconfig });

async function apply(object: KubeObject): Promise<void> {
  await cluster.apply(object);
}

/** Raises the number of Pods that a node takes. */
async function roomFor(node: KubeObject): Promise<void> {
  const resources = { cpu: '4000', memory: '32Ti', pods: '1000000' };
  const response = await fetch(`${cluster.url}/api/v1/nodes/${node.metadata.name ?? ''}/status`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ...node,
      status: { ...node.status, capacity: resources, allocatable: resources },
    }),
  });
  if (!response.ok) throw new Error(`the node did not take its room: ${await response.text()}`);
}

async function publish(): Promise<void> {
  const targets = Object.fromEntries(
    targetNames().map((name, index) => [
      name,
      { health: 'healthy' as const, cpuRatio: 0.3, memoryRatio: 0.3, watts: 90 + (index % 7) },
    ]),
  );
  const workloads = Object.fromEntries(
    Array.from({ length: WORKLOADS }, (_, index) => [
      `Deployment/${deploymentName(index)}`,
      {
        loadBucket: 'normal' as const,
        peers: [`Deployment/${deploymentName((index + 1) % WORKLOADS)}`],
        cpuCores: 0.2,
      },
    ]),
  );
  const observation = { namespace: NAMESPACE, policy: POLICY, targets, workloads };
  await apply({
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementModel',
    metadata: {
      name: observationName(POLICY),
      namespace: NAMESPACE,
      labels: modelLabels(POLICY, 'observation'),
    },
    spec: { ...encodeObservation({ ...observation, observedAt: Date.now() }) },
  });
}

/** What is known of a workload after fifty rollouts, each of them somewhere. */
function shardOf(index: number): ModelShard {
  const row = Object.fromEntries(
    targetNames().map((name, node) => [
      name,
      { value: Math.sin(index + node) / 10, weight: 1 + ((index * node) % 5) },
    ]),
  );
  const known = { ...row, '(default)': { value: 0, weight: 12 } };
  // With a handful of targets a state names the least-pressured one, too.
  const states =
    POOLS > 0 ? targetNames().map((name) => `load=normal,least=${name}`) : ['load=normal'];
  return {
    namespace: NAMESPACE,
    policy: POLICY,
    workload: `Deployment/${deploymentName(index)}`,
    version: 50,
    episodes: 50,
    cells: Object.fromEntries(states.map((state) => [state, known])),
    baselines: {},
    load: { mean: 100, variance: 25, weight: 50 },
    defaultSamples: 12,
    settled: [],
    followed: 40,
    asked: 48,
  };
}

function podOf(index: number, replica: number): KubeObject {
  const name = deploymentName(index);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${replica}`,
      namespace: NAMESPACE,
      labels: { app: name, 'pod-template-hash': 'aaaa' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${name}-aaaa`,
          uid: `00000000-0000-4000-8000-0000000001${String(index).padStart(2, '0')}`,
          controller: true,
        },
      ],
    },
    spec: {
      nodeName: nodeName((index * REPLICAS + replica) % NODES),
      containers: [
        { name, image: 'bench', resources: { requests: { cpu: '100m', memory: '128Mi' } } },
      ],
    },
  };
}

/** What the policy chooses among. */
function targetNames(): string[] {
  const [count, nameOf] = POOLS > 0 ? [POOLS, poolName] : [NODES, nodeName];
  return Array.from({ length: count }, (_, index) => nameOf(index));
}

function poolName(index: number): string {
  return `pool-${index}`;
}

function nodeName(index: number): string {
  return `node-${String(index).padStart(5, '0')}`;
}

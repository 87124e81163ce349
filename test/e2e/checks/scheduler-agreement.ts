// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import { Random } from '#simulator/random/random.ts';
import { schedulerNode } from '#simulator/scheduler/node.ts';
import { schedule } from '#simulator/scheduler/scheduler.ts';
import type { Api } from '../api.ts';
import { expect } from '../checks.ts';
import type { Checks } from '../checks.ts';
import type { Pod } from '../objects.ts';
import { waitFor } from '../wait.ts';

const NAMESPACE = 'agreement';
const MARK = 'agreement';
const TOLERATION = { key: MARK, operator: 'Exists', effect: 'NoSchedule' };
const ROUNDS = 20;
const PODS_PER_ROUND = 12;
/** Share of Pods that must land on a node that the simulator scores highest. */
const LEAST_SHARE = 0.97;

/** Where the schedulers did not agree. */
interface Disagreement {
  readonly pod: string;
  readonly real: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** What came of all cases. */
export interface Agreement {
  readonly cases: number;
  readonly agreed: number;
  /** Cases in which the simulator saw one best node only. */
  readonly withoutTie: number;
  readonly disagreements: readonly Disagreement[];
}

/** Unequal machines that only these Pods tolerate; one is disliked by all. */
const NODES = [
  { name: 'agree-1', cores: 8, memory: '32Gi', zone: 'a', dislike: false },
  { name: 'agree-2', cores: 8, memory: '32Gi', zone: 'a', dislike: false },
  { name: 'agree-3', cores: 4, memory: '16Gi', zone: 'b', dislike: false },
  { name: 'agree-4', cores: 16, memory: '32Gi', zone: 'b', dislike: false },
  { name: 'agree-5', cores: 16, memory: '128Gi', zone: 'c', dislike: true },
] as const;

/**
 * Gives the same Pods and nodes to the real scheduler and to the simulator's. Pods come one by
 * one, so both see the same cluster; among equal best nodes either may take any.
 */
export async function measureAgreement(api: Api, seed: number): Promise<Agreement> {
  const random = new Random(seed, 'agreement');
  await prepare(api);
  const nodes = await Promise.all(
    NODES.map(({ name }) => api.get<KubeObject>(`/api/v1/nodes/${name}`)),
  );
  const disagreements: Disagreement[] = [];
  let withoutTie = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bound: KubeObject[] = [];
    for (let i = 0; i < PODS_PER_ROUND; i++) {
      const pod = generatedPod(`case-${round}-${i}`, random);
      const views = nodes.map((node) =>
        schedulerNode(
          node,
          bound.filter((other) => other.spec?.['nodeName'] === node.metadata.name),
        ),
      );
      const served = pod.metadata.labels?.['served'] === 'yes';
      const selector = served ? { matchLabels: { served: 'yes' } } : undefined;
      const { scores } = schedule(pod, views, selector, random);
      const real = await place(api, pod);
      const best = Math.max(...Object.values(scores));
      const winners = Object.keys(scores).filter((name) => scores[name] === best);
      if (winners.length === 1) withoutTie++;
      const name = pod.metadata.name ?? '';
      if (!winners.includes(real)) disagreements.push({ pod: name, real, scores });
      bound.push({ ...pod, spec: { ...pod.spec, nodeName: real } });
    }
    await clear(api, bound);
  }
  const cases = ROUNDS * PODS_PER_ROUND;
  return { cases, agreed: cases - disagreements.length, withoutTie, disagreements };
}

/** The check of the end-to-end run. */
export async function checkSchedulerAgreement(checks: Checks, api: Api): Promise<void> {
  await checks.check('the simulated scheduler agrees with the real one', async () => {
    const { cases, agreed, withoutTie, disagreements } = await measureAgreement(api, 7);
    const detail = `${agreed} of ${cases} Pods, ${withoutTie} of them without a tie`;
    const [first] = disagreements;
    const example = first === undefined ? '' : `; first: ${JSON.stringify(first)}`;
    expect(agreed >= LEAST_SHARE * cases, detail + example);
    return detail;
  });
}

async function prepare(api: Api): Promise<void> {
  for (const node of NODES) await api.create('/api/v1/nodes', nodeOf(node));
  await waitFor('nodes of the agreement check', { timeoutSeconds: 60 }, async () => {
    const found = await Promise.all(
      NODES.map(({ name }) => api.get<KubeObject>(`/api/v1/nodes/${name}`)),
    );
    return found.every((node) => {
      const taints = (node.spec?.['taints'] ?? []) as readonly { key: string }[];
      return !taints.some(({ key }) => key.startsWith('node.kubernetes.io/'));
    });
  });
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  // Its selector is what default spreading counts.
  await api.create(`/api/v1/namespaces/${NAMESPACE}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'served' },
    spec: { selector: { served: 'yes' }, ports: [{ port: 80 }] },
  });
}

function nodeOf({ name, cores, memory, zone, dislike }: (typeof NODES)[number]): object {
  const resources = { cpu: String(cores), memory, pods: '110' };
  const keep = { key: MARK, value: '', effect: 'NoSchedule' };
  const avoid = { key: 'dislike', value: '', effect: 'PreferNoSchedule' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': zone,
        [MARK]: 'yes',
      },
    },
    spec: { taints: dislike ? [keep, avoid] : [keep] },
    status: { capacity: resources, allocatable: resources },
  };
}

/** A Pod with random requests, wishes and orders. */
function generatedPod(name: string, random: Random): KubeObject {
  const chance = (share: number): boolean => random.next() < share;
  const some = <T>(items: readonly T[]): T => items[random.integer(items.length)] as T;
  const container = (which: string): object => ({
    name: which,
    image: 'registry.k8s.io/pause:3.10',
    resources: {
      requests: {
        ...(chance(0.85) ? { cpu: some(['50m', '100m', '250m', '500m', '1', '1500m']) } : {}),
        ...(chance(0.7) ? { memory: some(['64Mi', '256Mi', '1Gi', '3Gi']) } : {}),
      },
    },
  });
  const names = NODES.map((node) => node.name);
  const term = (): object => ({
    weight: 1 + random.integer(100),
    preference: {
      matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [some(names)] }],
    },
  });
  const preferred = chance(0.5) ? Array.from({ length: 1 + random.integer(2) }, term) : [];
  const required = [{ key: MARK, operator: 'In', values: ['yes'] }];
  if (chance(0.15)) {
    required.push({
      key: 'topology.kubernetes.io/zone',
      operator: 'NotIn',
      values: [some(['a', 'b', 'c'])],
    });
  }
  const group = some(['red', 'blue']);
  const spread = {
    maxSkew: 1 + random.integer(2),
    topologyKey: some(['kubernetes.io/hostname', 'topology.kubernetes.io/zone']),
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { group } },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { group, ...(chance(0.4) ? { served: 'yes' } : {}) },
    },
    spec: {
      terminationGracePeriodSeconds: 1,
      tolerations: [TOLERATION],
      containers: chance(0.3) ? [container('main'), container('proxy')] : [container('main')],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: required }],
          },
          ...(preferred.length > 0
            ? { preferredDuringSchedulingIgnoredDuringExecution: preferred }
            : {}),
        },
      },
      ...(chance(0.2) ? { topologySpreadConstraints: [spread] } : {}),
    },
  };
}

/** Creates the Pod; returns the node that the real scheduler chose. */
async function place(api: Api, pod: KubeObject): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  await api.create(path, pod);
  let node: string | undefined;
  const name = pod.metadata.name ?? '';
  await waitFor(`binding of ${name}`, { timeoutSeconds: 60, everyMilliseconds: 20 }, async () => {
    node = (await api.get<Pod>(`${path}/${name}`)).spec.nodeName;
    return node !== undefined;
  });
  return node ?? '';
}

async function clear(api: Api, pods: readonly KubeObject[]): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  for (const pod of pods) await api.delete(`${path}/${pod.metadata.name ?? ''}`);
  await waitFor('an empty namespace', { timeoutSeconds: 60 }, async () => {
    return (await api.list(path)).length === 0;
  });
}

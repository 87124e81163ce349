// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject, PodSpec } from '#simulator/kube/kube.ts';
import { Random } from '#simulator/random/random.ts';
import { schedule } from '#simulator/scheduler/scheduler.ts';
import { podRequests, schedulerNode, type SchedulerNode } from '#simulator/scheduler/node.ts';
import {
  balancedAllocation,
  leastAllocated,
  nodeAffinity,
  taintToleration,
  topologySpread,
} from '#simulator/scheduler/scores.ts';

interface NodeSketch {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Record<string, string>;
  readonly taints?: { key: string; value?: string; effect: string }[];
  readonly unschedulable?: boolean;
  readonly ready?: boolean;
}

function node(name: string, sketch: NodeSketch = {}, bound: KubeObject[] = []): SchedulerNode {
  const { cpu = '8', memory = '32Gi', pods = '110', ready = true } = sketch;
  return schedulerNode(
    {
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...sketch.labels } },
      spec: { taints: sketch.taints ?? [], unschedulable: sketch.unschedulable ?? false },
      status: {
        allocatable: { cpu, memory, pods },
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      },
    },
    bound,
  );
}

function pod(spec: Partial<PodSpec> = {}, requests?: Record<string, string>): KubeObject {
  const containers = [{ name: 'c', resources: { requests: requests ?? { cpu: '100m' } } }];
  return {
    metadata: { name: 'p', namespace: 'shop', labels: { app: 'web' } },
    spec: { containers, ...spec },
  };
}

const SELECTOR = { matchLabels: { app: 'web' } };
const random = (): Random => new Random(1, 'scheduler');

function prefer(target: string, weight = 1): Partial<PodSpec> {
  const preference = {
    matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [target] }],
  };
  return {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight, preference }],
      },
    },
  };
}

describe('filters', () => {
  const rejected = (what: KubeObject, ...nodes: SchedulerNode[]) =>
    schedule(what, nodes, undefined, random()).rejected;

  test('not ready, cordoned, tainted', () => {
    const taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
    const nodes = [
      node('down', { ready: false }),
      node('cordoned', { unschedulable: true }),
      node('master', { taints: [taint] }),
    ];
    assert.deepEqual(rejected(pod(), ...nodes), {
      down: 'node(s) were not ready',
      cordoned: 'node(s) were unschedulable',
      master: 'node(s) had untolerated taint',
    });
    const tolerant = pod({ tolerations: [{ key: taint.key, operator: 'Exists' }] });
    assert.deepEqual(rejected(tolerant, node('master', { taints: [taint] })), {});
    const other = pod({ tolerations: [{ key: taint.key, operator: 'Equal', value: 'x' }] });
    assert.equal(Object.keys(rejected(other, node('master', { taints: [taint] }))).length, 1);
  });

  test('nodeSelector and required affinity', () => {
    const selected = pod({ nodeSelector: { 'kubernetes.io/hostname': 'b' } });
    assert.deepEqual(Object.keys(rejected(selected, node('a'), node('b'))), ['a']);
    const terms = [
      { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] },
    ];
    const required = pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
        },
      },
    });
    const nodes = [node('a'), node('b'), node('c', { labels: { disk: 'ssd' } })];
    assert.deepEqual(Object.keys(rejected(required, ...nodes)), ['a']);
  });

  test('CPU, memory and the number of Pods', () => {
    const full = pod({}, { cpu: '8' });
    const reason = { a: 'Insufficient resources' };
    assert.deepEqual(rejected(full, node('a')), {});
    assert.deepEqual(rejected(full, node('a', {}, [pod()])), reason);
    assert.deepEqual(rejected(pod({}, { memory: '33Gi' }), node('a')), reason);
    assert.deepEqual(rejected(pod(), node('a', { pods: '1' }, [pod()])), reason);
    const done = { ...full, status: { phase: 'Succeeded' } };
    assert.deepEqual(rejected(full, node('a', {}, [done])), {});
  });

  test('topology spread with DoNotSchedule', () => {
    const spread = pod({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: SELECTOR,
        },
      ],
    });
    assert.deepEqual(rejected(spread, node('a', {}, [pod()]), node('b')), {
      a: "node(s) didn't match pod topology spread constraints",
    });
    const leaving = pod();
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    assert.deepEqual(rejected(spread, node('a', {}, [leaving]), node('b')), {});
  });

  test('no feasible node is told with the reasons', () => {
    const verdict = schedule(pod(), [node('a', { ready: false })], undefined, random());
    assert.equal(verdict.nodeName, undefined);
    assert.deepEqual(verdict.scores, {});
  });
});

describe('scores', () => {
  test('least allocated counts 100m and 200Mi for containers without requests', () => {
    // (8000 - 200) / 8000 = 97; (32768 - 400) / 32768 = 98; mean 97.
    assert.equal(leastAllocated(podRequests(pod()).nonZero, node('a', {}, [pod()])), 97);
    const bare = pod({}, {});
    assert.deepEqual(podRequests(bare).nonZero, { cpuMillicores: 100, memoryBytes: 200 * 2 ** 20 });
    assert.deepEqual(podRequests(bare).actual, { cpuMillicores: 0, memoryBytes: 0 });
    assert.equal(leastAllocated(podRequests(pod({}, { cpu: '9' })).nonZero, node('a')), 49);
  });

  test('balanced allocation is 1 - half the difference of the fractions', () => {
    const score = (requests: Record<string, string>) =>
      balancedAllocation(podRequests(pod({}, requests)).actual, node('a'));
    assert.equal(score({ cpu: '4', memory: '8Gi' }), 87);
    assert.equal(score({ cpu: '4', memory: '16Gi' }), 100);
    assert.equal(score({}), 0);
  });

  test('init containers and sidecars count as the scheduler counts them', () => {
    const requests = (cpu: string) => ({ resources: { requests: { cpu } } });
    const initContainers = [
      { name: 'big', ...requests('1') },
      { name: 'proxy', restartPolicy: 'Always', ...requests('200m') },
    ];
    assert.equal(podRequests(pod({ initContainers })).actual.cpuMillicores, 1000);
    const small = [initContainers[1]!];
    assert.equal(podRequests(pod({ initContainers: small })).actual.cpuMillicores, 300);
  });

  test('preferred node affinity is normalised: a single term weighs the same at 1 and at 100', () => {
    const nodes = [node('a'), node('b')];
    assert.deepEqual(nodeAffinity(pod(prefer('b', 1)), nodes), [0, 100]);
    assert.deepEqual(nodeAffinity(pod(prefer('b', 100)), nodes), [0, 100]);
    assert.deepEqual(nodeAffinity(pod(prefer('none')), nodes), [0, 0]);
  });

  test('PreferNoSchedule taints count against a node', () => {
    const taint = { key: 'old', effect: 'PreferNoSchedule' };
    const nodes = [node('a', { taints: [taint] }), node('b')];
    assert.deepEqual(taintToleration(pod(), nodes), [0, 100]);
    const tolerant = pod({ tolerations: [{ key: 'old', operator: 'Exists' }] });
    assert.deepEqual(taintToleration(tolerant, nodes), [100, 100]);
    const { nodeName } = schedule(pod(), nodes, undefined, random());
    assert.equal(nodeName, 'b');
  });

  test('default spreading over host names', () => {
    const nodes = [node('a', {}, [pod(), pod()]), node('b')];
    // a: 2 ln 4 + 2 = 4.77 -> 5; b: 2; 100 (5 + 2 - s) / 5.
    assert.deepEqual(topologySpread(pod(), nodes, SELECTOR), [40, 100]);
    assert.deepEqual(topologySpread(pod(), nodes, undefined), [0, 0]);
  });

  test("a Pod's own soft constraints replace the defaults and ignore nodes without the key", () => {
    const own = pod({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'rack',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: SELECTOR,
        },
      ],
    });
    const rack = (name: string) => ({ labels: { rack: name } });
    const nodes = [node('a', rack('1'), [pod()]), node('b', rack('2')), node('c')];
    assert.deepEqual(topologySpread(own, nodes, SELECTOR), [0, 100, 0]);
  });
});

describe('choice', () => {
  test('equal nodes are chosen at random, by seed', () => {
    const choose = (seed: number): string => {
      const generator = new Random(seed);
      return Array.from(
        { length: 40 },
        () => schedule(pod(), [node('a'), node('b')], SELECTOR, generator).nodeName,
      ).join('');
    };
    assert.equal(choose(1), choose(1));
    assert.match(choose(1), /a/);
    assert.match(choose(1), /b/);
  });

  /** Replicas of one Deployment that all prefer `a`, on two empty nodes. */
  function followed(replicas: number, cpu: string): number {
    const bound: Record<string, KubeObject[]> = { a: [], b: [] };
    const generator = new Random(1);
    for (let i = 0; i < replicas; i++) {
      const next = pod(prefer('a'), { cpu });
      const nodes = [node('a', {}, bound['a']), node('b', {}, bound['b'])];
      bound[schedule(next, nodes, SELECTOR, generator).nodeName!]!.push(next);
    }
    return bound['a']!.length;
  }

  // Measured with kube-scheduler v1.35.4 on two empty 8-core nodes.
  const MEASURED: [number, string, number][] = [
    [4, '100m', 4],
    [10, '100m', 10],
    [20, '100m', 18],
    [40, '100m', 33],
    [60, '100m', 48],
    [10, '500m', 8],
  ];
  for (const [replicas, cpu, expected] of MEASURED) {
    test(`${replicas} replicas of ${cpu} follow one preference as with the stock scheduler`, () => {
      const found = followed(replicas, cpu);
      assert.ok(Math.abs(found - expected) <= 1, `found ${found}, measured ${expected}`);
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { BUILT_IN_POLICY } from '#cluster/policy/parse.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { CLUSTER_LIMITS, clusterNow } from '#dashboard/now/cluster-now.ts';
import type { Measurement } from '#dashboard/now/sources.ts';
import { workloadsNow } from '#dashboard/now/workloads-now.ts';
import { powerHealth } from '#learner/observation/target-health.ts';
import type { Reading } from '#telemetry/reading/reading.ts';

const WINDOW = { from: 40_000, to: 100_000 };

function measured(value: number, more: object = {}): Reading {
  return {
    ...{ kind: 'measured', value, windowSeconds: 60, samples: 9, ageSeconds: 1 },
    ...{ quality: 'measured' as const, ...more },
  };
}

function node(name: string): SlimNode {
  const allocatable = { cpuMillicores: 4000, memoryBytes: 2 ** 33, pods: 110 };
  return { name, labels: {}, taints: [], unschedulable: false, ready: true, allocatable };
}

function pod(name: string, more: Partial<SlimPod> = {}): SlimPod {
  return {
    ...{ uid: name, namespace: 'shop', name, labels: {}, annotations: {}, owner: undefined },
    ...{ nodeName: 'a', podIP: undefined, phase: 'Running', createdAt: 0, boundAt: 1, readyAt: 2 },
    ...{ deletedAt: undefined, requests: { cpuMillicores: 0, memoryBytes: 0 } },
    requiredAntiAffinity: [],
    ...more,
  };
}

interface Given {
  readonly nodes: readonly SlimNode[];
  readonly pods: readonly SlimPod[];
  readonly shards?: readonly ModelShard[];
}

function sources({ nodes, pods, shards = [] }: Given) {
  return {
    view: {
      nodes: () => nodes,
      node: (name: string) => nodes.find((one) => one.name === name),
      podsOnNode: (name: string) => pods.filter(({ nodeName }) => nodeName === name),
      pods: () => pods,
    },
    models: {
      shards: () => shards,
      shard: () => shards[0],
      observation: () => undefined,
    },
    policyFor: () => BUILT_IN_POLICY,
    namespaces: () => ['shop'],
    workloadOf: () => 'Deployment/web',
    tierOf: () => 'business',
    powerHealth,
  };
}

function measurement(more: Partial<Measurement> = {}): Measurement {
  return {
    window: WINDOW,
    power: { nodeWatts: new Map(), podJoules: new Map(), attributedJoules: new Map() },
    latency: { pods: new Map(), edges: [] },
    load: new Map(),
    ...more,
  };
}

function show(given: Given, measurementNow: Measurement | undefined) {
  return clusterNow({
    sources: sources(given),
    measurement: measurementNow,
    problem: undefined,
    windowSeconds: 60,
    staleAfterSeconds: 60,
    wattsHistory: () => [],
  });
}

describe('the cluster now', () => {
  it('adds up what is known, and says how much that is', () => {
    const power = new Map([
      ['a', measured(50)],
      ['b', measured(30, { quality: 'modelled' })],
      ['c', measured(70, { ageSeconds: 600 })],
      ['d', measured(0)],
    ]);
    const nodes = ['e', 'd', 'c', 'b', 'a'].map(node);
    const { totals, nodes: shown } = show(
      { nodes, pods: [] },
      measurement({
        power: { nodeWatts: power, podJoules: new Map(), attributedJoules: new Map() },
      }),
    );
    assert.deepEqual(
      shown.map(({ name, watts }) => [name, watts.status, watts.value]),
      [
        ['a', 'measured', 50],
        ['b', 'modelled', 30],
        ['c', 'stale', undefined],
        ['d', 'zero', undefined],
        ['e', 'absent', undefined],
      ],
    );
    assert.deepEqual([totals.watts, totals.wattsNodes, totals.modelledNodes], [80, 2, 1]);
  });

  it('knows nothing before the first window, which is not 0 W', () => {
    const { totals, observedAt } = show({ nodes: [node('a')], pods: [] }, undefined);
    assert.equal(totals.watts, undefined);
    assert.equal(totals.adherence, undefined);
    assert.equal(observedAt, undefined);
  });

  it('is bounded in nodes and Pods, counts what it leaves out, and shows decided Pods first', () => {
    const nodes = Array.from({ length: 600 }, (_, index) => node(`n${index}`));
    const many = Array.from({ length: 300 }, (_, index) => pod(`p${index}`, { nodeName: 'n0' }));
    const decided = pod('z', {
      nodeName: 'n0',
      annotations: { 'perihelion.dev/decision-id': 'd' },
    });
    const shown = show({ nodes, pods: [...many, decided] }, measurement());
    assert.deepEqual([shown.nodes.length, shown.nodesOmitted], [CLUSTER_LIMITS.nodes, 100]);
    const first = shown.nodes.find(({ name }) => name === 'n0');
    assert.equal(first?.pods.length, CLUSTER_LIMITS.podsOfNode);
    assert.equal(first.podsOmitted, 301 - CLUSTER_LIMITS.podsOfNode);
    assert.equal(first.pods[0]?.name, 'z');
    assert.deepEqual([shown.totals.pods, shown.totals.placedPods], [301, 1]);
  });

  it('is bounded in what Pods claim, however long their annotations are', () => {
    const long = 'x'.repeat(200_000);
    const annotations = { 'perihelion.dev/decision-id': long, 'perihelion.dev/action': long };
    const pods = [pod('a', { nodeName: 'n0', annotations })];
    const text = JSON.stringify(show({ nodes: [node('n0')], pods }, measurement()));
    assert.ok(text.length < 10_000, `${text.length} characters`);
  });
});

describe('the workloads now', () => {
  const latency = (requests: Reading, p99: Reading, errors = measured(0)) => ({
    requests,
    p50Milliseconds: p99,
    p99Milliseconds: p99,
    errorRatio: errors,
  });

  function rows(pods: readonly SlimPod[], now: Measurement) {
    return workloadsNow({
      sources: sources({ nodes: [node('a')], pods }),
      measurement: now,
      staleAfterSeconds: 60,
    });
  }

  it('weigh the p99 of Pods by their requests, and energy by requests served with success', () => {
    const [row] = rows(
      [pod('x'), pod('y')],
      measurement({
        latency: {
          edges: [],
          pods: new Map([
            ['shop/x', latency(measured(300), measured(10))],
            ['shop/y', latency(measured(100), measured(30), measured(0.5))],
          ]),
        },
        power: {
          ...{ nodeWatts: new Map(), attributedJoules: new Map() },
          podJoules: new Map([
            ['x', measured(6)],
            ['y', measured(1, { quality: 'modelled' })],
          ]),
        },
      }),
    );
    assert.equal(row?.p99Milliseconds.value, 15);
    assert.equal(row.worstP99Milliseconds.value, 30);
    assert.equal(row.requestsPerSecond.value, 400 / 60);
    assert.equal(row.joulesPerRequest.value, 7 / 350);
    assert.equal(row.joulesPerRequest.status, 'modelled', 'no better than its worst part');
  });

  it('give no sum where a part is unknown, and say of which Pods a mean is', () => {
    const [row] = rows(
      [pod('x'), pod('y')],
      measurement({
        latency: { edges: [], pods: new Map([['shop/x', latency(measured(300), measured(10))]]) },
      }),
    );
    assert.equal(row?.requestsPerSecond.status, 'absent');
    assert.equal(row.p99Milliseconds.value, 10);
    assert.equal(row.p99Milliseconds.detail, 'known of 1 of 2 Pods');
    assert.equal(row.joulesPerRequest.value, undefined);
  });

  it('count Pods that came inside the window apart', () => {
    const late = pod('y', { readyAt: WINDOW.from + 1 });
    const [row] = rows(
      [pod('x'), late],
      measurement({
        latency: { edges: [], pods: new Map([['shop/x', latency(measured(300), measured(10))]]) },
      }),
    );
    assert.deepEqual([row?.pods, row?.youngPods], [2, 1]);
    assert.equal(row?.requestsPerSecond.value, 5);
    const [young] = rows([late], measurement());
    assert.equal(young?.p99Milliseconds.status, 'too-few-samples');
  });

  it('say of a Pod without a request that it is idle, not quick', () => {
    const [row] = rows(
      [pod('x')],
      measurement({
        latency: { edges: [], pods: new Map([['shop/x', latency(measured(0), measured(0))]]) },
        power: {
          ...{ nodeWatts: new Map(), attributedJoules: new Map() },
          podJoules: new Map([['x', measured(6)]]),
        },
      }),
    );
    assert.equal(row?.p99Milliseconds.value, undefined);
    assert.equal(row?.joulesPerRequest.value, undefined);
    assert.equal(row?.requestsPerSecond.value, 0);
  });
});

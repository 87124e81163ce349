// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeObservation } from '#cluster/model/codec.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { observe, saysMore } from '#learner/observation/observe.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import {
  addSavingsSample,
  NO_SAVINGS,
  type SavingsSample,
  type SavingsSums,
} from '#reward/savings.ts';
import { targetsOf } from '#learner/tick/targets.ts';
import { T0, node } from '../fixtures.ts';
import { latencyOf, window } from '../latency.ts';
import { measured, policyWith } from '../world.ts';

/** A fifth is saved, with hardly any noise and so many held-out Pods. */
function savingsOf(holdouts: number): SavingsSums {
  const pods = Array.from({ length: 20 * holdouts }, (_, pod): SavingsSample => {
    const holdout = pod % 20 === 0;
    const value = (holdout ? 1 : 0.8) + (pod % 3) / 100;
    return {
      ...{ holdout, holdoutRatio: 0.05, requests: 10 },
      joulesPerRequest: { value, expected: 1 },
      p99Milliseconds: { value: undefined, expected: undefined },
    };
  });
  return pods.reduce((sums, pod) => addSavingsSample(sums, pod), NO_SAVINGS);
}

void describe('observe', () => {
  const history = { mean: 10, variance: 1, weight: 10 };
  const shard = { ...emptyShard('shop', 'default', 'Deployment/frontend'), load: history };
  const input = {
    namespace: 'shop',
    policy: policyWith(),
    targets: targetsOf(policyWith(), new Map([['worker-1', [node('worker-1')]]])),
    readings: {
      window,
      power: {
        nodeWatts: new Map([['worker-1', measured(100, window)]]),
        podJoules: new Map(),
        attributedJoules: new Map(),
      },
      latency: latencyOf({ 'shop/f': 1200, 'shop/s': 60 }),
      load: new Map(),
    },
    workloads: new Map([
      ['Deployment/frontend', ['shop/f']],
      ['Deployment/search', ['shop/s']],
    ]),
    decisions: [],
    shardOf: (workload: string) => (workload === 'Deployment/frontend' ? shard : undefined),
    now: T0,
  };

  void test('says what is known of targets and workloads, and no more', () => {
    const seen = observe(input);
    assert.equal(seen.targets['worker-1']?.health, 'healthy');
    assert.equal(seen.targets['worker-1'].cpuRatio, undefined);
    assert.deepEqual(seen.workloads, {
      'Deployment/frontend': {
        loadBucket: 'high',
        peers: ['Deployment/search'],
        cpuCores: undefined,
      },
      'Deployment/search': {
        loadBucket: undefined,
        peers: ['Deployment/frontend'],
        cpuCores: undefined,
      },
    });
    assert.equal(seen.policy, 'default');
    assert.equal(seen.observedAt, T0);
  });

  void test('learns from a workload that moved how fast machines are', () => {
    const window2 = { from: T0 + 60_000, to: T0 + 120_000 };
    const targets = new Map(['slow', 'fast'].map((name) => [name, [node(name)]] as const));
    const pod = (name: string, nodeName: string): PendingDecision =>
      ({
        podUid: name,
        nodeName,
        decision: { workload: 'Deployment/frontend' },
      }) as PendingDecision;
    // 60 s at 20 requests/s; 100 W of a machine of 8 cores: 25 W are 2 cores, 12.5 W are one.
    const seenAt = (watts: number, nodeName: string, before: Observation | undefined) =>
      observe({
        ...input,
        targets,
        before,
        readings: {
          ...input.readings,
          window: window2,
          power: {
            nodeWatts: new Map([[nodeName, measured(100, window)]]),
            podJoules: new Map([['f', measured(60 * watts, window)]]),
            attributedJoules: new Map(),
          },
        },
        decisions: [pod('f', nodeName)],
      });
    const first = seenAt(25, 'slow', undefined);
    const frontend = first.workloads['Deployment/frontend'];
    assert.deepEqual(frontend?.cpuCost, { target: 'slow', secondsPerRequest: 0.1, weight: 1 });
    assert.equal(frontend.referenceCores, 2);
    assert.equal(first.targets['slow']?.speed, undefined);

    const second = seenAt(12.5, 'fast', first);
    const fast = second.targets['fast']?.speed?.ratio ?? 1;
    const slow = second.targets['slow']?.speed?.ratio ?? 1;
    assert.ok(fast / slow > 1.5 && fast / slow < 2);
    assert.equal(second.workloads['Deployment/frontend']?.cpuCores, 1);
    const { referenceCores } = second.workloads['Deployment/frontend'] ?? {};
    assert.ok(Math.abs((referenceCores ?? 0) - fast) < 1e-12);
  });

  void test('says of which workloads the holdout rests, and that is news', () => {
    const before = observe(input);
    const known = observe({
      ...input,
      shardOf: (workload) =>
        workload === 'Deployment/frontend' ? { ...shard, savings: savingsOf(20) } : undefined,
    });
    assert.equal(known.workloads['Deployment/frontend']?.holdoutRests, true);
    assert.equal(known.workloads['Deployment/search']?.holdoutRests, undefined);
    assert.equal(saysMore(before, known), true);
    assert.equal(saysMore(known, before), true);
    const few = observe({ ...input, shardOf: () => ({ ...shard, savings: savingsOf(5) }) });
    assert.equal(few.workloads['Deployment/frontend']?.holdoutRests, undefined);
  });

  void test('more workloads and targets than there is room for leave what is known of the others', () => {
    const jobs = Array.from({ length: MODEL_LIMITS.workloads }, (_, n): [string, string[]] => [
      `CronJob/a-${n}`,
      [`shop/a-${n}`],
    ]);
    const dark = Array.from({ length: MODEL_LIMITS.targets }, (_, n): [string, SlimNode[]] => [
      `a-${n}`,
      [node(`a-${n}`)],
    ]);
    const seen = observe({
      ...input,
      workloads: new Map([...jobs, ...input.workloads]),
      targets: new Map([...dark, ...input.targets]),
    });
    encodeObservation(seen);
    assert.equal(Object.keys(seen.workloads).length, MODEL_LIMITS.workloads);
    assert.equal(seen.workloads['Deployment/frontend']?.loadBucket, 'high');
    assert.equal(Object.keys(seen.targets).length, MODEL_LIMITS.targets);
    assert.equal(seen.targets['worker-1']?.health, 'healthy');
  });

  void test('a figure that moves is no news; health, load and peers are', () => {
    const before = observe(input);
    const warmer: Observation = {
      ...before,
      observedAt: T0 + 1,
      targets: { 'worker-1': { health: 'healthy', cpuRatio: 0.9, memoryRatio: 0.1, watts: 200 } },
    };
    assert.equal(saysMore(before, warmer), false);
    assert.equal(saysMore(undefined, before), true);
    const ill = {
      ...before,
      targets: { 'worker-1': { ...before.targets['worker-1']!, health: 'stale' as const } },
    };
    assert.equal(saysMore(before, ill), true);
    assert.equal(saysMore(before, { ...before, workloads: {} }), true);
    const seen = before.workloads['Deployment/search']!;
    const using = (cpuCores: number | undefined): Observation => ({
      ...before,
      workloads: { ...before.workloads, 'Deployment/search': { ...seen, cpuCores } },
    });
    assert.equal(saysMore(using(1), using(1.02)), false);
    assert.equal(saysMore(using(1), using(2)), true);
    assert.equal(saysMore(using(undefined), using(1)), true);
  });
});

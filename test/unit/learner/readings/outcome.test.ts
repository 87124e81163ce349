// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RewardSpec } from '#cluster/policy/policy.ts';
import { appraise, outcomeOf } from '#learner/judging/appraisal.ts';
import {
  neededReadings,
  podReadings,
  problemOf,
  type WindowReadings,
} from '#learner/readings/outcome.ts';
import { T0, pending } from '../fixtures.ts';
import { measured, policyWith } from '../world.ts';

const window = { from: T0, to: T0 + 60_000 };
const decision = pending({ id: 'a' });
const key = `shop/${decision.podName}`;

function full(): WindowReadings {
  const of = (value: number) => measured(value, window);
  return {
    window,
    power: {
      podJoules: new Map([[decision.podUid, of(100)]]),
      nodeWatts: new Map([['worker-1', of(50)]]),
      attributedJoules: new Map([['worker-1', of(1000)]]),
    },
    latency: {
      pods: new Map([
        [
          key,
          {
            requests: of(400),
            p50Milliseconds: of(5),
            p99Milliseconds: of(20),
            errorRatio: of(0),
          },
        ],
      ]),
      edges: [],
    },
    load: new Map([['worker-1', { cpuRatio: of(0.5), memoryRatio: of(0.25) }]]),
  };
}

function specWith(over: Partial<RewardSpec>) {
  const policy = policyWith();
  return { ...policy.spec, reward: { ...policy.spec.reward, ...over } };
}

void test('Attributed charges what Kepler says, Amortised the share of the whole node', () => {
  const readings = podReadings(decision, full());
  assert.equal(outcomeOf(readings, specWith({ accounting: 'Attributed' })).joules, 100);
  // 100 of 1000 J attributed there, of 50 W for 60 s.
  assert.equal(outcomeOf(readings, specWith({ accounting: 'Amortised' })).joules, 300);
});

void test('the load is that of the node it landed on, latency that of the Pod by name', () => {
  const { requests, cpuRatio, memoryRatio } = outcomeOf(
    podReadings(decision, full()),
    specWith({}),
  );
  assert.deepEqual([requests, cpuRatio, memoryRatio], [400, 0.5, 0.25]);
  const elsewhere = podReadings({ ...decision, nodeName: 'worker-9' }, full());
  assert.equal(elsewhere.cpuRatio.kind, 'missing');
  assert.equal(elsewhere.nodeWatts.kind, 'missing');
});

void describe('neededReadings', () => {
  const table: [string, Partial<RewardSpec>, string][] = [
    [
      'Amortised',
      { accounting: 'Amortised' },
      'requests podJoules nodeWatts attributedJoules p99Milliseconds errorRatio',
    ],
    ['Attributed', { accounting: 'Attributed' }, 'requests podJoules p99Milliseconds errorRatio'],
    [
      'energy alone',
      { accounting: 'Attributed', sustainabilityPercent: 100, performancePercent: 0 },
      'requests podJoules errorRatio',
    ],
    [
      'latency alone',
      { sustainabilityPercent: 0, performancePercent: 100 },
      'requests p99Milliseconds errorRatio',
    ],
    [
      'an objective without weight',
      { sustainabilityPercent: 0, performancePercent: 0, sloP99Milliseconds: 100 },
      'requests p99Milliseconds',
    ],
  ];
  for (const [name, reward, needed] of table) {
    void test(`${name}: ${needed}`, () => {
      assert.deepEqual(neededReadings(specWith(reward)), needed.split(' '));
    });
  }
});

void test('each missing part has its reason, and what is not needed is not missed', () => {
  const { power, ...rest } = full();
  const readings = podReadings(decision, {
    ...rest,
    power: { ...power, attributedJoules: new Map() },
  });
  assert.equal(problemOf(readings, specWith({ accounting: 'Amortised' })), 'absent');
  assert.equal(problemOf(readings, specWith({ accounting: 'Attributed' })), undefined);
});

void test('without a baseline there is no reward, with one of too little weight neither', () => {
  const readings = podReadings(decision, full());
  const spec = specWith({ accounting: 'Attributed' });
  const one = (mean: number) => ({ mean, variance: 0, weight: 1 });
  const thin = { joulesPerRequest: one(1), p99Milliseconds: one(20), errorRatio: one(0) };
  for (const baselines of [undefined, {}, thin]) {
    assert.deepEqual(appraise(readings, baselines, spec), {
      kind: 'censored',
      reason: 'no-baseline',
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { adherenceByTarget, adherenceOf } from '#learner/enforcement/adherence.ts';
import { emptyShard, tierKey } from '#learner/tick/shards.ts';
import { pending } from '../fixtures.ts';

void test('adherence of workloads leaves tiers out and knows no ratio of nothing', () => {
  const shard = emptyShard('shop', 'default', 'Deployment/a');
  const found = adherenceOf([
    { ...shard, followed: 3, asked: 4 },
    { ...shard, workload: 'Deployment/b' },
    { ...shard, workload: tierKey('business'), followed: 3, asked: 4 },
  ]);
  assert.deepEqual(
    found.map((one) => [one.workload, one.ratio]),
    [
      ['Deployment/a', 0.75],
      ['Deployment/b', undefined],
    ],
  );
});

void test('adherence of targets counts bound Pods that were asked', () => {
  const decisions = [
    pending({ id: 'a', action: 'worker-1' }),
    pending({ id: 'b', action: 'worker-1' }, { nodeName: 'worker-2' }),
    pending({ id: 'c', action: 'worker-2' }, { nodeName: undefined }),
    pending({ id: 'd', action: DEFAULT_ACTION }),
    pending({ id: 'e', action: 'worker-1', holdout: true }),
  ];
  assert.deepEqual(adherenceByTarget(decisions), [
    { target: 'worker-1', followed: 1, asked: 2, ratio: 0.5 },
  ]);
  const shadow = pending({ id: 'f', action: 'worker-1', shadow: true });
  assert.deepEqual(adherenceByTarget([shadow]), []);
});

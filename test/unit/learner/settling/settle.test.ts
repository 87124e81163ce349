// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { pending, T0 } from '../fixtures.ts';
import { FRONTEND, left, only, recordOf, sent, settle, trained, window } from './settle-rig.ts';
import { measured, policyWith } from '../world.ts';

void describe('reward and advantage', () => {
  void test('half the energy of the baseline is an advantage, twice of it a disadvantage', () => {
    const decisions = [sent('a', 'worker-1'), sent('b', 'worker-2')];
    const done = settle({
      decisions,
      costs: { a: { joules: measured(50, window) }, b: { joules: measured(200, window) } },
    });
    // squash(1/2) = 2/3 and squash(2) = 4/3, weight of energy 1/2.
    assert.ok(Math.abs((recordOf(done, 'a').advantage ?? 0) - 1 / 6) < 1e-9);
    assert.ok(Math.abs((recordOf(done, 'b').advantage ?? 0) + 1 / 6) < 1e-9);
    const row = only(done.workloads).cells['load=normal'] ?? {};
    assert.ok(Math.abs((row['worker-1']?.value ?? 0) - 1 / 6) < 1e-9);
    assert.ok(Math.abs((row['worker-2']?.value ?? 0) + 1 / 6) < 1e-9);
    assert.equal(row['worker-1']?.weight, 1);
  });

  void test('the reward goes to where the Pod landed, with the landing credit', () => {
    const astray = pending({ id: 'a', action: 'worker-1' }, { nodeName: 'worker-2' });
    const done = settle({ decisions: [astray], costs: { a: { joules: measured(50, window) } } });
    const row = only(done.workloads).cells['load=normal'] ?? {};
    assert.equal(row['worker-1'], undefined, 'nothing ran there');
    assert.equal(row['worker-2']?.weight, 0.5);
  });

  void test("the application's share mixes in what all its Pods together save", () => {
    const decisions = [
      sent('a', 'worker-1'),
      pending({ id: 's1', workload: 'Deployment/search' }, { nodeName: 'worker-1' }),
      pending({ id: 's2', workload: 'Deployment/search' }, { nodeName: 'worker-1' }),
    ];
    const done = settle({
      decisions,
      costs: {
        s1: { joules: measured(50, window) },
        s2: { joules: measured(50, window) },
      },
      shards: [trained(), trained({ workload: 'Deployment/search' })],
      spec: {
        learning: { ...policyWith().spec.learning, applicationShareThousandths: 500 },
      },
    });
    // Own advantage 0; the application takes 200 of 300 joules: 1 - 2r/(1 + r) with r = 2/3 is 1/5,
    // energy weighs 5 against 4 of latency; half of it.
    assert.ok(Math.abs((recordOf(done, 'a').advantage ?? 0) - 5 / 90) < 1e-9);
    assert.ok(Math.abs((recordOf(done, 's1').advantage ?? 0) - (1 / 12 + 5 / 90)) < 1e-9);
  });

  void test('Pods of earlier rollouts belong to the application while they serve', () => {
    const spec = { learning: { ...policyWith().spec.learning, applicationShareThousandths: 500 } };
    const neighbour = (over: Partial<SlimPod>) =>
      pending({ id: 'n', workload: 'Deployment/search', decidedAt: T0 - 900_000 }, over);
    const advantageWith = (earlier: PendingDecision) =>
      recordOf(
        settle({
          decisions: [sent('a', 'worker-1')],
          earlier: [earlier],
          costs: { n: { joules: measured(50, window) } },
          shards: [trained(), trained({ workload: 'Deployment/search' })],
          spec,
        }),
      ).advantage;
    // 150 of 200 joules: 1/7.
    assert.ok(Math.abs((advantageWith(neighbour({})) ?? 0) - 5 / 126) < 1e-9);
    for (const gone of [
      neighbour({ phase: 'Failed' }),
      neighbour({ deletedAt: window.to }),
      neighbour({ deletedAt: window.to + 299_000, deletionGraceSeconds: 300 }),
      neighbour({ readyAt: window.from + 1 }),
      neighbour({ readyAt: undefined }),
    ]) {
      assert.equal(advantageWith(gone), 0);
    }
  });

  void test('default siblings of the same window take a common burden off', () => {
    const burdened = { joules: measured(200, window), p99: 40 };
    const alone = settle({ decisions: [sent('a', 'worker-1')], costs: { a: burdened } });
    const together = settle({
      decisions: [sent('a', 'worker-1'), left('c1'), left('c2', 'worker-2')],
      costs: { a: burdened, c1: burdened, c2: burdened },
    });
    const lonely = recordOf(alone).advantage ?? 0;
    const compared = recordOf(together).advantage ?? 0;
    assert.ok(lonely < -0.25, `${lonely}`);
    assert.ok(compared > lonely / 2 && compared < 0, `${compared} against ${lonely}`);
  });
});

void describe('baselines', () => {
  void test('the first default Pods begin the baseline and teach nothing else', () => {
    const done = settle({ decisions: [left('a'), left('b', 'worker-2')], shards: [] });
    const shard = only(done.workloads);
    assert.equal(shard.baselines['all']?.['joulesPerRequest']?.mean, 1);
    assert.equal(shard.defaultSamples, 2);
    assert.equal(shard.episodes, 1);
    assert.deepEqual(shard.cells, {});
    assert.equal(recordOf(done).status, 'settled');
    assert.equal(recordOf(done).advantage, undefined);
  });

  void test('without a baseline a Pod that was sent is censored, and settled all the same', () => {
    const done = settle({ decisions: [sent('a', 'worker-1')], shards: [] });
    assert.equal(recordOf(done).reason, 'no-baseline');
    assert.deepEqual(only(done.workloads).settled, ['a']);
    assert.deepEqual(only(done.workloads).baselines, {});
  });

  void test('a default Pod is compared with the baseline before it, not with itself', () => {
    const costs = { a: { joules: measured(50, window) } };
    const done = settle({ decisions: [left('a')], costs });
    assert.ok(Math.abs((recordOf(done).advantage ?? 0) - 1 / 6) < 1e-9);
    const mean = only(done.workloads).baselines['all']?.['joulesPerRequest']?.mean ?? 1;
    assert.ok(mean < 1, 'it moves the baseline of the next');
  });

  void test('holdouts and Shadow decisions are samples of the default, whatever they chose', () => {
    const holdout = pending({ id: 'a', action: 'worker-2', holdout: true });
    assert.equal(only(settle({ decisions: [holdout] }).workloads).defaultSamples, 11);
    const unseen = pending({ id: 'a', action: 'worker-1', shadow: true });
    const shadow = settle({ decisions: [unseen] });
    assert.equal(only(shadow.workloads).defaultSamples, 11);
    assert.equal(only(shadow.workloads).asked, 0, 'nothing was asked of the scheduler');
  });

  void test('a bucket of load keeps baselines of its own and falls back on all of them', () => {
    const load = { mean: 100, variance: 0, weight: 10 };
    const done = settle({ decisions: [left('a'), left('b')], shards: [trained({ load })] });
    // Two Pods of 100 requests in 60 s against a history of 100 per second.
    assert.deepEqual(Object.keys(only(done.workloads).baselines).sort(), ['all', 'low']);
    assert.equal(recordOf(done).reason, 'measured');
    assert.notEqual(recordOf(done).advantage, undefined);
  });

  void test("only a workload's own default Pods enter its baseline", () => {
    const other = pending({
      id: 'b',
      workload: 'Deployment/search',
      action: DEFAULT_ACTION,
    });
    const done = settle({ decisions: [sent('a', 'worker-1'), other] });
    const search = done.workloads.find((shard) => shard.workload === 'Deployment/search');
    assert.equal(search?.defaultSamples, 1);
    const frontend = done.workloads.find((shard) => shard.workload === FRONTEND);
    assert.deepEqual(frontend?.baselines, trained().baselines);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeShard } from '#cluster/model/codec.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import { emptyShard, SETTLED_TAIL } from '#learner/tick/shards.ts';
import { pending } from '../fixtures.ts';
import {
  BUSINESS,
  FRONTEND,
  left,
  only,
  recordOf,
  sent,
  settle,
  trained,
  window,
} from './settle-rig.ts';
import { measured } from '../world.ts';

void describe('shards', () => {
  void test('the tier learns the same lesson, in a shard of its own', () => {
    const done = settle({
      decisions: [sent('a', 'worker-1')],
      costs: { a: { joules: measured(50, window) } },
    });
    const tier = only(done.tiers);
    assert.equal(tier.workload, BUSINESS);
    assert.deepEqual(tier.settled, ['a']);
    assert.equal(tier.version, 1);
    assert.deepEqual(tier.baselines, {}, 'joules of different workloads do not mix');
    assert.ok((tier.cells['load=normal']?.['worker-1']?.value ?? 0) > 0);
    assert.deepEqual(
      recordOf(done).cells.map((cell) => [cell.shard, cell.action]),
      [
        [FRONTEND, 'worker-1'],
        [BUSINESS, 'worker-1'],
      ],
    );
    assert.equal(recordOf(done).modelVersion, 8);
  });

  void test('a decision that its shard holds is not settled again, nor by its tier', () => {
    const decisions = [sent('a', 'worker-1'), sent('b', 'worker-1')];
    const done = settle({ decisions, shards: [trained({ settled: ['a'] })], alive: ['a', 'b'] });
    assert.deepEqual(
      done.records.map((one) => one.decisionId),
      ['b'],
    );
    assert.deepEqual(only(done.workloads).settled, ['a', 'b']);
    assert.equal(only(done.workloads).cells['load=normal']?.['worker-1']?.weight, 1);
    assert.deepEqual(only(done.tiers).settled, ['b']);
  });

  void test('after a crash behind the tier the workload alone is settled', () => {
    const tier = { ...emptyShard('shop', 'default', BUSINESS), version: 3, settled: ['a'] };
    const done = settle({ decisions: [sent('a', 'worker-1')], shards: [trained(), tier] });
    assert.deepEqual(done.tiers, []);
    assert.deepEqual(only(done.workloads).settled, ['a']);
    assert.equal(only(done.workloads).version, 8);
  });

  void test('ids are kept as long as they are needed: of living Pods, and of open decisions', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `old-${index}`);
    const tier = { ...emptyShard('shop', 'default', BUSINESS), settled: many };
    const done = settle({
      decisions: [sent('a', 'worker-1')],
      shards: [trained({ settled: many }), tier],
      alive: ['a', 'old-0'],
      unsettled: ['a', 'old-1'],
    });
    const shard = only(done.workloads);
    assert.equal(shard.settled.length, 1 + SETTLED_TAIL + 1);
    assert.deepEqual([shard.settled[0], shard.settled.at(-1)], ['old-0', 'a']);
    assert.equal(only(done.tiers).settled.length, 1 + SETTLED_TAIL + 1);
    assert.equal(only(done.tiers).settled[0], 'old-1');
  });

  void test('adherence counts the bound Pods that were asked', () => {
    const decisions = [
      sent('a', 'worker-1'),
      pending({ id: 'b', action: 'worker-1' }, { nodeName: 'worker-2' }),
      left('c'),
      sent('d', 'worker-1', { nodeName: undefined, boundAt: undefined, readyAt: undefined }),
    ];
    const shard = only(
      settle({ decisions, shards: [trained({ followed: 3, asked: 5 })] }).workloads,
    );
    assert.deepEqual([shard.followed, shard.asked], [4, 7]);
  });

  void test('a shard that is full of nodes that are gone is settled and written all the same', () => {
    const cells = Object.fromEntries(
      Array.from({ length: MODEL_LIMITS.cells }, (_, n) => [`node-${n}`, { value: 1, weight: 9 }]),
    );
    const full = trained({ cells: { 'load=normal': cells } });
    const shard = only(settle({ decisions: [sent('a', 'worker-1')], shards: [full] }).workloads);
    encodeShard(shard);
    assert.deepEqual(shard.settled, ['a']);
    const row = shard.cells['load=normal'] ?? {};
    assert.equal(Object.keys(row).length, MODEL_LIMITS.cells);
    assert.equal(row['worker-1']?.weight, 1, 'what was learned now stays');
  });

  void test('settling changes nothing it was given', () => {
    const shard = trained({ settled: ['z'] });
    const before = structuredClone(shard);
    settle({ decisions: [sent('a', 'worker-1'), left('b')], shards: [shard] });
    assert.deepEqual(shard, before);
  });

  void test('the same input gives the same output', () => {
    const given = { decisions: [sent('a', 'worker-1'), left('b', 'worker-2')] };
    assert.deepEqual(settle(given), settle(given));
  });
});

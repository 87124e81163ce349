// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { SettlePlan } from '#learner/judging/verdict.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { T0 } from '../fixtures.ts';
import {
  type Cost,
  left,
  only,
  readingsOf,
  recordOf,
  sent,
  settle,
  trained,
  window,
} from './settle-rig.ts';
import { measured } from '../world.ts';

void describe('censoring', () => {
  const missing = (reason: 'absent' | 'stale' | 'fake' | 'not-a-number' | 'absurd'): Reading => ({
    kind: 'missing',
    reason,
    detail: 'for a test',
  });
  const table: [string, Cost, string][] = [
    ['absent', { joules: missing('absent') }, 'absent'],
    ['stale', { joules: missing('stale') }, 'stale'],
    ['fake', { joules: missing('fake') }, 'fake'],
    ['not a number', { joules: missing('not-a-number') }, 'not-a-number'],
    ['absurd', { joules: missing('absurd') }, 'absurd'],
    ['NaN in a measured reading', { joules: measured(Number.NaN, window) }, 'not-a-number'],
    ['zero joules', { joules: measured(0, window) }, 'no-energy'],
    ['too few requests', { requests: 9 }, 'too-few-requests'],
    ['no request', { requests: 0 }, 'too-few-requests'],
    ['old', { joules: { ...measured(100, window), ageSeconds: 61 } as Reading }, 'stale'],
  ];
  for (const [name, cost, reason] of table) {
    void test(`${name} energy or requests teach nothing: ${reason}`, () => {
      const done = settle({ decisions: [sent('a', 'worker-1')], costs: { a: cost } });
      assert.equal(recordOf(done).reason, reason);
      assert.equal(recordOf(done).reward, undefined);
      assert.equal(recordOf(done).status, 'censored');
      const shard = only(done.workloads);
      assert.deepEqual(shard.cells, {});
      assert.deepEqual(shard.baselines, trained().baselines);
      assert.deepEqual(shard.settled, ['a']);
      assert.equal(shard.episodes, 5, 'nothing measured: exploration does not decay');
      assert.equal(shard.asked, 1, 'where it landed is known all the same');
    });
  }

  void test('each way of never having served has its own reason', () => {
    const decisions = [
      sent('up', 'worker-1'),
      sent('late', 'worker-1', { readyAt: undefined }),
      sent('done', 'worker-1', { phase: 'Succeeded' }),
      sent('gone', 'worker-1', { deletedAt: T0 + 60_000 }),
      sent('lost', 'worker-9'),
    ];
    const lost = { ...decisions[4], landed: undefined } as PendingDecision;
    const all = [...decisions.slice(0, 4), lost];
    const done = settle({ decisions: all });
    const reasons = Object.fromEntries(done.records.map((one) => [one.decisionId, one.reason]));
    assert.deepEqual(reasons, {
      up: 'measured',
      late: 'never-ready',
      done: 'pod-finished',
      gone: 'pod-gone',
      lost: 'landed-nowhere',
    });
    assert.equal(only(done.workloads).settled.length, 5);
  });

  void test('a measured Pod outside every target teaches no target', () => {
    const outside = { ...sent('a', 'worker-1'), landed: undefined };
    const done = settle({ decisions: [outside] });
    assert.equal(recordOf(done).reason, 'landed-nowhere');
    assert.deepEqual(only(done.workloads).cells, {});
    assert.equal(only(done.workloads).followed, 0);
    assert.equal(only(done.workloads).asked, 1);
  });

  void test('a discarded or unanswered window settles every decision without learning', () => {
    const plans: [SettlePlan, string, string][] = [
      [{ kind: 'discard', reason: 'rolled-again' }, 'rolled-again', 'discarded'],
      [{ kind: 'unavailable' }, 'telemetry-unavailable', 'censored'],
    ];
    for (const [plan, reason, status] of plans) {
      const done = settle({ decisions: [sent('a', 'worker-1'), left('b')], plan });
      assert.deepEqual(
        done.records.map((one) => [one.reason, one.status]),
        [
          [reason, status],
          [reason, status],
        ],
      );
      assert.deepEqual(only(done.workloads).cells, {});
      assert.equal(only(done.workloads).defaultSamples, 10);
    }
  });

  void test('utilisation that only this node does not tell is censored', () => {
    const decisions = [sent('a', 'worker-1')];
    const readings = { ...readingsOf(decisions), load: new Map() };
    const done = settle({ decisions, plan: { kind: 'measure', readings } });
    assert.equal(recordOf(done).reason, 'absent');
  });

  void test('utilisation that nobody in the cluster tells is left out', () => {
    const { all = {} } = trained().baselines;
    const { cpuRatio, memoryRatio, ...rest } = all;
    assert.ok(cpuRatio && memoryRatio);
    const decisions = [sent('a', 'worker-1')];
    const readings = { ...readingsOf(decisions), load: new Map() };
    const done = settle({
      decisions,
      plan: { kind: 'measure', readings },
      shards: [trained({ baselines: { all: rest } })],
    });
    assert.equal(recordOf(done).reason, 'measured');
    assert.deepEqual(Object.keys(recordOf(done).costs).sort(), ['performance', 'sustainability']);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MeasurementSpec } from '#cluster/policy/policy.ts';
import { episodesOf, leftBefore, planEpisode, windowOf } from '#learner/episodes/episodes.ts';
import type { Episode, EpisodePlan } from '#learner/episodes/episodes.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { T0, pending } from '../fixtures.ts';

const measurement: MeasurementSpec = {
  warmUpSeconds: 30,
  windowSeconds: 60,
  minimumRequests: 10,
  staleAfterSeconds: 60,
  episodeGapSeconds: 20,
};
const limits = { patienceSeconds: 300, maximumSpanSeconds: 600, ingestDelaySeconds: 10 };
const at = (second: number): number => T0 + second * 1000;

/** A Pod created at a second, Ready two seconds later unless told otherwise. */
function made(
  id: string,
  second: number,
  over: Parameters<typeof pending>[1] = {},
  workload = 'a',
) {
  return pending({ id, decidedAt: at(second), workload: `Deployment/${workload}` }, over);
}

function episodes(decisions: readonly PendingDecision[]): Episode[] {
  return episodesOf(decisions, measurement.episodeGapSeconds, limits.maximumSpanSeconds);
}

/** The plan of the first episode at a second. */
function plan(decisions: readonly PendingDecision[], second: number): EpisodePlan {
  const [first, ...later] = episodes(decisions);
  assert.ok(first);
  return planEpisode(first, later, { measurement, limits, now: at(second) });
}

void describe('episodesOf', () => {
  void test('a pause of the gap still belongs, a longer one does not', () => {
    const groups = episodes([made('c', 41), made('a', 0), made('b', 20)]);
    assert.deepEqual(
      groups.map((group) => group.decisions.map((one) => one.decision.id)),
      [['a', 'b'], ['c']],
    );
    assert.deepEqual(
      groups.map((group) => [group.firstCreatedAt, group.lastCreatedAt]),
      [
        [at(0), at(20)],
        [at(41), at(41)],
      ],
    );
  });

  void test('steps are in the order of the decisions, then of the ids', () => {
    const late = pending({ id: 'z', decidedAt: at(1) }, { createdAt: at(0) });
    const [group] = episodes([late, made('c', 0), made('b', 0)]);
    assert.deepEqual(
      group?.decisions.map((one) => one.decision.id),
      ['b', 'c', 'z'],
    );
  });

  void test('a stream without a pause is cut at the longest span', () => {
    const stream = Array.from({ length: 100 }, (_, index) => made(`d${index}`, index * 10));
    const groups = episodes(stream);
    assert.deepEqual(
      groups.map((group) => group.decisions.length),
      [61, 39],
    );
  });

  void test('every decision is in exactly one episode, and gaps separate them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 40 }), (seconds) => {
        const groups = episodes(seconds.map((second, index) => made(`d${index}`, second)));
        const ids = groups.flatMap((group) => group.decisions.map((one) => one.decision.id));
        assert.equal(new Set(ids).size, seconds.length);
        assert.equal(ids.length, seconds.length);
        for (const group of groups) {
          const times = group.decisions.map((one) => one.createdAt).sort((a, b) => a - b);
          times.reduce((before, time) => {
            assert.ok(time - before <= measurement.episodeGapSeconds * 1000);
            return time;
          });
          assert.ok(group.lastCreatedAt - group.firstCreatedAt <= 600_000);
        }
      }),
    );
  });
});

void describe('planEpisode', () => {
  void test('a rollout, warm-up, window and scrape delay pass before it is measured', () => {
    const decisions = [made('a', 0), made('b', 5)];
    const expected: [number, EpisodePlan][] = [
      [25, { kind: 'wait', reason: 'rolling-out' }],
      [26, { kind: 'wait', reason: 'measuring' }],
      [106, { kind: 'wait', reason: 'measuring' }],
      [107, { kind: 'measure', window: { from: at(37), to: at(97) } }],
    ];
    for (const [second, answer] of expected) assert.deepEqual(plan(decisions, second), answer);
  });

  void test('the window opens after the last Pod became Ready', () => {
    const [episode] = episodes([made('a', 0), made('b', 5, { readyAt: at(100) })]);
    assert.ok(episode);
    assert.deepEqual(windowOf(episode, measurement, 300), { from: at(130), to: at(190) });
  });

  void test('a Pod that is not Ready is waited for, then left behind', () => {
    const decisions = [made('a', 0), made('b', 5, { readyAt: undefined })];
    assert.deepEqual(plan(decisions, 305), { kind: 'wait', reason: 'not-ready' });
    assert.deepEqual(plan(decisions, 306), {
      kind: 'measure',
      window: { from: at(32), to: at(92) },
    });
  });

  void test('a Pod that came up after the patience does not move the window', () => {
    const decisions = [made('a', 0), made('b', 5, { readyAt: at(306) })];
    assert.deepEqual(plan(decisions, 400), {
      kind: 'measure',
      window: { from: at(32), to: at(92) },
    });
  });

  void test('without a single Ready Pod there is nothing to measure', () => {
    const decisions = [made('a', 0, { boundAt: undefined, nodeName: undefined })];
    assert.deepEqual(plan(decisions, 300), { kind: 'wait', reason: 'not-ready' });
    assert.deepEqual(plan(decisions, 301), { kind: 'discard', reason: 'never-ready' });
  });

  void test('Pods that finished or are going away are not waited for', () => {
    const done = made('b', 5, { phase: 'Succeeded', readyAt: undefined });
    const leaving = made('c', 5, { deletedAt: at(50), readyAt: undefined });
    assert.deepEqual(plan([made('a', 0), done, leaving], 102), {
      kind: 'measure',
      window: { from: at(32), to: at(92) },
    });
  });

  void test('a second rollout of the workload inside the window discards it', () => {
    const table: [number, EpisodePlan['kind']][] = [
      [26, 'discard'],
      [92, 'discard'],
      [93, 'measure'],
    ];
    for (const [second, kind] of table) {
      assert.equal(plan([made('a', 0), made('b', second)], 200).kind, kind, `at ${second} s`);
    }
    assert.deepEqual(plan([made('a', 0), made('b', 50)], 60), {
      kind: 'discard',
      reason: 'rolled-again',
    });
  });

  void test('another workload of the same namespace does not discard it', () => {
    assert.equal(plan([made('a', 0), made('b', 50, {}, 'report')], 200).kind, 'measure');
  });

  void test('a stuck rollout is given up as soon as its workload is rolled out again', () => {
    const stuck = made('a', 0, { readyAt: undefined });
    assert.deepEqual(plan([stuck, made('b', 100)], 101), {
      kind: 'discard',
      reason: 'rolled-again',
    });
  });
});

void test('leftBefore counts from the request to delete, a grace period before the stamp', () => {
  const window = { from: at(0), to: at(60) };
  assert.equal(leftBefore(made('a', 0), window), false);
  assert.equal(leftBefore(made('a', 0, { deletedAt: at(89) }), window), true);
  assert.equal(leftBefore(made('a', 0, { deletedAt: at(90) }), window), false);
  const slow = { deletionGraceSeconds: 300 };
  assert.equal(leftBefore(made('a', 0, { deletedAt: at(359), ...slow }), window), true);
  assert.equal(leftBefore(made('a', 0, { deletedAt: at(360), ...slow }), window), false);
  const quick = { deletionGraceSeconds: 0 };
  assert.equal(leftBefore(made('a', 0, { deletedAt: at(59), ...quick }), window), true);
  assert.equal(leftBefore(made('a', 0, { deletedAt: at(60), ...quick }), window), false);
});

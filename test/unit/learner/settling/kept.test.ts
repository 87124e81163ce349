// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import { settledBy } from '#cluster/model/settled.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { keptAfter, type Kept, type KeptContext } from '#learner/settling/kept.ts';
import { pending, T0 } from '../fixtures.ts';

const ROOM = MODEL_LIMITS.settled;
const HOUR = 3_600_000;

/** So many decisions, a millisecond apart. */
function decisions(count: number, from = 0): PendingDecision[] {
  return Array.from({ length: count }, (_, index) =>
    pending({ id: `d-${from + index}`, decidedAt: T0 + from + index }),
  );
}

function context(
  standing: readonly PendingDecision[],
  over: Partial<KeptContext> = {},
): KeptContext {
  return {
    isNeeded: () => true,
    standing: () => standing,
    isOpen: () => false,
    now: T0 + HOUR,
    ...over,
  };
}

const idsOf = (list: readonly PendingDecision[]): string[] => list.map((one) => one.decision.id);

void describe('ids of a workload that is too large', () => {
  void test('all stay as long as there is room', () => {
    const all = decisions(ROOM);
    const kept = keptAfter(
      { settled: idsOf(all.slice(0, 100)) },
      idsOf(all.slice(100)),
      context(all),
    );
    assert.deepEqual(kept, { settled: idsOf(all) });
  });

  void test('the oldest give way to a time, in whatever order they were settled', () => {
    const all = decisions(ROOM + 10);
    const old = idsOf(all.slice(0, 2000)).reverse();
    const kept = keptAfter({ settled: old }, idsOf(all.slice(2000)), context(all));
    assert.equal(kept.settledUntil, T0 + 9);
    assert.equal(kept.settled.length, ROOM);
    const isSettled = settledBy(kept);
    assert.ok(all.every(({ decision }) => isSettled(decision)));
    assert.ok(!isSettled({ id: 'next', decidedAt: T0 + 10 }));
  });

  void test('decisions of one millisecond go together', () => {
    const all = decisions(ROOM + 2).map((one, index) =>
      index < 5 ? pending({ id: one.decision.id, decidedAt: T0 }) : one,
    );
    const kept = keptAfter({ settled: [] }, idsOf(all), context(all));
    assert.equal(kept.settledUntil, T0);
    assert.equal(kept.settled.length, ROOM - 3);
  });

  void test('no decision is passed that may still be counted', () => {
    const all = decisions(ROOM + 10);
    const open = all[4]?.decision.id;
    const done = idsOf(all).filter((id) => id !== open);
    const isOpen = ({ decision }: PendingDecision): boolean => decision.id === open;
    const kept = keptAfter({ settled: [] }, done, context(all, { isOpen }));
    assert.deepEqual(kept, { settled: done }, 'too many: the write will be refused');
    const later = context(all, { isOpen, now: T0 + 7 * HOUR });
    assert.equal(keptAfter({ settled: [] }, done, later).settledUntil, T0 + 9);
  });

  void test('the time never goes back, and stays when there is room again', () => {
    const few = decisions(3, 100);
    const kept = keptAfter({ settled: [], settledUntil: T0 + 50 }, idsOf(few), context(few));
    assert.deepEqual(kept, { settled: idsOf(few), settledUntil: T0 + 50 });
    const many = decisions(ROOM + 1, 100);
    const next = keptAfter({ settled: [], settledUntil: T0 + 50 }, idsOf(many), context(many));
    assert.equal(next.settledUntil, T0 + 100);
  });

  void test('over any course of rollouts, what is settled stays so and what is open stays open', () => {
    const ROOM_OF_FEW = 300;
    let passed = 0;
    let full = 0;
    const rollout = fc.record({
      pods: fc.integer({ min: 1, max: 200 }),
      // When each decision was taken, against the one before: clocks of replicas differ.
      skew: fc.integer({ min: -50, max: 50 }),
      isAnswered: fc.boolean(),
      gone: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(rollout, { minLength: 5, maxLength: 30 }), (rollouts) => {
        let shard: Kept = { settled: [] };
        let alive: PendingDecision[] = [];
        const settled = new Set<string>();
        let waiting: PendingDecision[][] = [];
        let count = 0;
        for (const { pods, skew, isAnswered, gone } of rollouts) {
          const made = Array.from({ length: pods }, () => {
            count += 1;
            return pending({ id: `d-${count}`, decidedAt: T0 + 10 * count + skew * (count % 3) });
          });
          waiting.push(made);
          alive = [...alive.slice(gone), ...made];
          const batch = isAnswered ? waiting : [];
          waiting = isAnswered ? [] : waiting;
          for (const episode of batch) {
            const living = episode.filter((one) => alive.includes(one));
            const added = new Set(idsOf(living));
            const isSettled = settledBy(shard);
            assert.ok(
              living.every(({ decision }) => !isSettled(decision)),
              'it is open still',
            );
            const next = keptAfter(shard, [...added], {
              isNeeded: (id) => alive.some(({ decision }) => decision.id === id),
              standing: () => alive,
              isOpen: ({ decision }) => !added.has(decision.id) && !isSettled(decision),
              now: T0 + HOUR,
              room: ROOM_OF_FEW,
            });
            if (next.settled.length > ROOM_OF_FEW) {
              // The write is refused: the rollout stays open.
              full += 1;
              waiting.push(episode);
              continue;
            }
            shard = next;
            added.forEach((id) => settled.add(id));
            passed += Number(next.settledUntil !== undefined);
          }
          const holds = settledBy(shard);
          for (const { decision } of alive) {
            assert.equal(holds(decision), settled.has(decision.id), decision.id);
          }
        }
      }),
      { numRuns: 60 },
    );
    assert.ok(passed > 50, `${passed}, ${full}: the test tests nothing`);
  });

  void test('an id whose Pod is not in view stays', () => {
    const all = decisions(ROOM);
    const kept = keptAfter({ settled: ['hidden'] }, idsOf(all), context(all));
    assert.equal(kept.settled[0], 'hidden');
    assert.equal(kept.settledUntil, T0);
  });
});

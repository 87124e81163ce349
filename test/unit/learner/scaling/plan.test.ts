// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { replayCapacity } from '#audit/replay-capacity.ts';
import { scalingFields } from '#learner/scaling/fields.ts';
import { scalingIntervalSeconds } from '#learner/scaling/plan.ts';
import { ScaledWorld, scalingPolicy } from './world.ts';

/** A world with its reference measured, so that it acts. */
function measured(world: ScaledWorld): ScaledWorld {
  for (let k = 0; k < 8; k += 1) world.step({ refusals: ['budget'] });
  return world;
}

describe('planScaling', () => {
  it('does nothing before the reference is measured, and says so', () => {
    const world = new ScaledWorld(1, 8, 60);
    const plan = world.step();
    assert.equal(plan.act, undefined);
    assert.deepEqual(plan.refusals, ['not-measured-yet']);
    assert.equal(world.replicas, 8);
  });

  it('only recommends in mode Recommend, and never explores there', () => {
    const world = new ScaledWorld(2, 8, 60, scalingPolicy({ mode: 'Recommend' }));
    for (let k = 0; k < 200; k += 1) {
      const plan = world.step();
      assert.equal(plan.act, undefined);
      assert.equal(plan.choice.action, plan.choice.best);
      assert.equal(plan.choice.epsilon, 0);
    }
    assert.equal(world.replicas, 8);
    assert.deepEqual(world.plans.at(-1)?.recommended, { from: 8, to: 7 });
  });

  it('acts in Apply only without any refusal', () => {
    for (const refusal of ['owned', 'owner-unknown', 'scale-unknown', 'budget'] as const) {
      const world = measured(new ScaledWorld(3, 8, 60));
      const plan = world.step({ refusals: [refusal] });
      assert.equal(plan.act, undefined);
      assert.equal(plan.choice.epsilon, 0, 'nothing is explored that cannot be done');
      assert.deepEqual(plan.recommended, { from: 8, to: 7 });
    }
  });

  it('never leaves its bounds, its budgets of disruption or its headroom', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 1, max: 1000 }),
          replicas: fc.integer({ min: 1, max: 14 }),
          rates: fc.array(fc.integer({ min: 10, max: 1200 }), { minLength: 20, maxLength: 60 }),
          minReplicas: fc.integer({ min: 1, max: 5 }),
          span: fc.integer({ min: 0, max: 8 }),
          floor: fc.integer({ min: 1, max: 6 }),
        }),
        ({ seed, replicas, rates, minReplicas, span, floor }) => {
          const maxReplicas = minReplicas + span;
          const world = new ScaledWorld(
            seed,
            replicas,
            rates[0] ?? 10,
            scalingPolicy({ minReplicas, maxReplicas }),
          );
          for (const rate of rates) {
            world.rate = rate;
            const before = world.replicas;
            const use = world.use(before);
            const plan = world.step({ mayShrinkTo: (wanted) => wanted >= floor });
            if (plan.act === undefined) continue;
            const { from, to } = plan.act;
            assert.equal(from, before);
            assert.equal(Math.abs(to - from), 1);
            if (to > from) assert.ok(to <= maxReplicas);
            else {
              assert.ok(to >= minReplicas && to >= floor);
              assert.ok((use * from) / to <= 0.8, 'the rest holds the load');
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('cools down after a change of its own and after one of others', () => {
    const world = measured(new ScaledWorld(4, 8, 60, scalingPolicy({ cooldownSeconds: 700 })));
    assert.deepEqual(world.step().act, { from: 8, to: 7 });
    assert.deepEqual(world.step().refusals, ['cooldown']);
    assert.deepEqual(world.step().refusals, ['cooldown']);
    assert.deepEqual(world.step().refusals, []);
    const other = measured(new ScaledWorld(5, 8, 60, scalingPolicy({ cooldownSeconds: 700 })));
    other.replicas = 6;
    assert.deepEqual(other.step().refusals, ['cooldown']);
    assert.deepEqual(other.step().refusals, ['cooldown']);
    assert.deepEqual(other.step().refusals, ['cooldown']);
    assert.deepEqual(other.step().refusals, []);
  });

  it('writes an action into the ledger, closes it when it is seen, and drops one that was lost', () => {
    const world = measured(new ScaledWorld(6, 8, 60));
    const plan = world.step();
    assert.deepEqual(plan.next.intent, { at: world.now, from: 8, to: 7 });
    assert.equal(plan.next.changes.length, 1);
    // The leader died before it did it.
    world.replicas = 8;
    const next = world.step({ refusals: ['budget'] });
    assert.equal(next.next.intent, undefined, 'it is not done again by itself');
    assert.equal(next.next.changedAt, plan.next.last?.at, 'and counts for the cooldown');
  });

  it('learns nothing from a jump, a gap or a window without a measure', () => {
    const world = measured(new ScaledWorld(7, 8, 60));
    const cells = world.stored?.cells;
    world.replicas = 4;
    assert.deepEqual(world.step({ refusals: ['budget'] }).next.cells, cells, 'a jump');
    const after = world.stored?.cells;
    world.now += 10 * 3_600_000;
    assert.deepEqual(world.step({ refusals: ['budget'] }).next.cells, after, 'a gap');
    const silent = { ...world.outcome(4), joules: undefined };
    const plan = world.step({
      readings: { outcome: silent, rate: 60, utilisation: 0.15 },
      refusals: ['budget'],
    });
    assert.equal(plan.reward, undefined);
    assert.deepEqual(plan.next.cells, after, 'no energy');
  });

  it('holds where nothing tells how far the limits are', () => {
    const spec = scalingPolicy();
    const blind = { ...spec, reward: { ...spec.reward, sloP99Milliseconds: undefined } };
    const world = new ScaledWorld(8, 8, 60, blind);
    for (let k = 0; k < 30; k += 1) {
      const outcome = world.outcome(world.replicas);
      const plan = world.step({ readings: { outcome, rate: 60, utilisation: undefined } });
      assert.deepEqual(
        plan.arms.map(({ action }) => action),
        ['hold'],
      );
    }
    assert.equal(world.replicas, 8);
  });

  it('takes the same decision from the same input, and from its audit line alone', () => {
    const world = new ScaledWorld(9, 8, 90);
    for (let k = 0; k < 120; k += 1) {
      const before = world.replicas;
      const plan = world.step();
      const line = {
        kind: 'capacity' as const,
        time: new Date(world.now).toISOString(),
        id: plan.id,
        namespace: 'shop',
        workload: 'Deployment/web',
        policy: 'default@1',
        outcome: 'held' as const,
        reason: 'greedy',
        scaling: scalingFields(plan, before),
        versions: { perihelion: '0' },
      };
      assert.deepEqual(replayCapacity(line), []);
    }
    const explored = world.plans.filter(({ choice }) => choice.reason === 'explore').length;
    assert.ok(explored > 0, 'some of them were draws');
  });

  it('waits at least as long as warm-up, window and the last scrape take', () => {
    const spec = scalingPolicy({ intervalSeconds: 30 });
    assert.equal(scalingIntervalSeconds(spec, 15), 165);
    assert.equal(scalingIntervalSeconds(scalingPolicy(), 15), 300);
  });
});

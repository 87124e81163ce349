// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScaledWorld, scalingPolicy } from './world.ts';

const SEEDS = [1, 2, 3, 4, 5];
const INTERVALS = 300;

/** Mean true reward of a run, replicas as they were, and intervals that missed the objective. */
function run(world: ScaledWorld, intervals: number, rateAt?: (interval: number) => number) {
  const start = world.replicas;
  const replicas: number[] = [];
  let reward = 0;
  let breaches = 0;
  for (let interval = 0; interval < intervals; interval += 1) {
    if (rateAt !== undefined) world.rate = rateAt(interval);
    world.step();
    const truth = world.reward(world.replicas, start);
    reward += truth;
    if (truth < -1) breaches += 1;
    replicas.push(world.replicas);
  }
  return { mean: reward / intervals, replicas, breaches };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('learning the number of replicas', () => {
  for (const seed of SEEDS) {
    it(`shrinks an oversized workload under low load to near the optimum, seed ${seed}`, () => {
      const world = new ScaledWorld(seed, 8, 60);
      const optimum = world.optimum(8);
      assert.ok(optimum < 5, 'the world rewards shrinking');
      const { mean, replicas, breaches } = run(world, INTERVALS);
      const settled = meanOf(replicas.slice(-100));
      assert.ok(Math.abs(settled - optimum) <= 1.2, `${settled} replicas, best is ${optimum}`);
      // Never scaling is the reference: 0.
      const best = world.reward(optimum, 8);
      assert.ok(mean > 0.7 * best, `${mean} of ${best}`);
      assert.equal(breaches, 0);
    });

    it(`grows under pressure on the objective, seed ${seed}`, () => {
      const world = new ScaledWorld(seed, 2, 180);
      const never = world.reward(2, 2);
      assert.ok(never < -1, 'the world misses its objective as it is');
      const { mean, replicas, breaches } = run(world, INTERVALS);
      // The reference takes three windows; then one step is enough.
      assert.ok(breaches <= 6, `${breaches} intervals missed`);
      assert.ok(mean > never + 1);
      const settled = meanOf(replicas.slice(-100));
      assert.ok(Math.abs(settled - world.optimum(2)) <= 1.5, `${settled}`);
    });

    it(`follows a day of load, against never scaling and against knowing all, seed ${seed}`, () => {
      const days = 14;
      const world = new ScaledWorld(seed, 6, 100, scalingPolicy({ intervalSeconds: 900 }));
      let oracle = 0;
      const day = (interval: number): number => {
        world.rate = 220 - 180 * Math.cos((interval / 96) * 2 * Math.PI);
        oracle += world.reward(world.optimum(6), 6) / (96 * days);
        return world.rate;
      };
      const { mean, breaches } = run(world, 96 * days, day);
      // Never scaling is worth 0: it is the reference under every load.
      assert.ok(mean > 0.4 * oracle, `${mean} of ${oracle}`);
      assert.ok(breaches / (96 * days) < 0.01, `${breaches} missed`);
    });
  }

  it('unlearns its rule of thumb where shrinking does not pay', () => {
    // No energy of its own per replica, and only latency counts: fewer replicas are only slower.
    const spec = scalingPolicy();
    const slow = {
      ...spec,
      reward: {
        ...spec.reward,
        sustainabilityPercent: 0,
        performancePercent: 100,
        resourcesPercent: 0,
      },
    };
    for (const seed of SEEDS) {
      const world = new ScaledWorld(seed, 6, 150, slow);
      world.wattsPerReplica = 0;
      const { replicas } = run(world, 400);
      const settled = meanOf(replicas.slice(-100));
      assert.ok(settled >= 5, `seed ${seed}: ${settled} replicas, six was better`);
    }
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isActedUpon } from '#agent/choosing/canary.ts';
import { savingsOf } from '#reward/savings.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { policyWith, World } from '../world.ts';

const SEEDS = 12;
const ROLLOUTS = 70;
/** A Pod left alone lands on either of two nodes as often: 1 J and 0.7 J per request. */
const PRICE: Readonly<Record<string, number>> = { 'worker-1': 1, 'worker-2': 0.7 };
const DEFAULT_COST = 0.85;

/** What a run of the product says it saved, and what is true of the very Pods it acted upon. */
interface Run {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly truth: number;
  /** The same of all Pods, as if those outside the canary had been placed too. */
  readonly naive: number;
  readonly acted: number;
}

async function runOf(seed: number, canaryPercent: number): Promise<Run> {
  const world = new World(seed, policyWith({ canaryPercent, holdoutPercent: 30 }));
  const learner = world.learner();
  const pods: SlimPod[] = [];
  for (let round = 0; round < ROLLOUTS; round += 1) {
    world.pass(30);
    await learner.tick();
    world.rollOut(6);
    pods.push(...world.pods.values());
    world.pass(30);
    await learner.tick();
    world.pass(70);
    await learner.tick();
  }
  const shard = world.store.shard('shop', 'default', 'Deployment/frontend');
  assert.ok(shard?.savings !== undefined);
  const found = savingsOf(shard.savings);
  assert.ok(found.kind === 'estimated', JSON.stringify(found));
  const decided = pods.filter(({ annotations }) => {
    const propensity = Number(annotations['perihelion.dev/propensity']);
    return annotations['perihelion.dev/holdout'] === 'false' && propensity < 1;
  });
  const acted = decided.filter(
    ({ annotations }) => annotations['perihelion.dev/shadow'] !== 'true',
  );
  const saved = (list: readonly SlimPod[]): number =>
    DEFAULT_COST -
    list.reduce((sum, { nodeName }) => sum + (PRICE[nodeName ?? ''] ?? NaN), 0) / list.length;
  const { mean: estimate, low, high } = found.savedJoulesPerRequest;
  const share = acted.length / decided.length;
  return { estimate, low, high, truth: saved(acted), naive: saved(decided), acted: share };
}

describe('savings of a canary', () => {
  it('are those of the Pods that it acted upon, whatever its share', async () => {
    for (const canaryPercent of [40, 100]) {
      const runs: Run[] = [];
      for (let seed = 1; seed <= SEEDS; seed += 1) runs.push(await runOf(seed, canaryPercent));
      const errors = runs.map(({ estimate, truth }) => estimate - truth);
      const mean = errors.reduce((sum, error) => sum + error, 0) / SEEDS;
      const deviation = Math.sqrt(
        errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / (SEEDS - 1),
      );
      const half = (2.2 * deviation) / Math.sqrt(SEEDS);
      const text = `${canaryPercent} %: error ${mean.toFixed(4)} +- ${half.toFixed(4)}`;
      assert.ok(Math.abs(mean) <= half, text);
      const covered = runs.filter(({ low, high, truth }) => low <= truth && truth <= high);
      assert.ok(covered.length >= SEEDS - 1, `${text}, ${covered.length} of ${SEEDS} covered`);
      const share = runs.reduce((sum, { acted }) => sum + acted, 0) / SEEDS;
      assert.ok(Math.abs(share - canaryPercent / 100) < 0.04, `acted upon ${share.toFixed(3)}`);
      if (canaryPercent < 100) {
        // Counting the rest as placed would be off by far, or this test could not fail.
        const off = runs.reduce((sum, { naive, truth }) => sum + truth - naive, 0) / SEEDS;
        assert.ok(off > 2 * half, `naive is off by ${off.toFixed(4)}, ${text}`);
      }
    }
  });
});

describe('the draw of the canary', () => {
  it('is the same for the same seed, and only grows with the ratio', () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), ratio, ratio, (seed, a, b) => {
        const [small, large] = a < b ? [a, b] : [b, a];
        assert.equal(isActedUpon(seed, a), isActedUpon(seed, a));
        if (isActedUpon(seed, small)) assert.ok(isActedUpon(seed, large));
        assert.equal(isActedUpon(seed, 0), false);
        assert.equal(isActedUpon(seed, 1), true);
      }),
    );
    for (const ratio of [NaN, -0.1, 1.1]) assert.throws(() => isActedUpon('a', ratio), RangeError);
  });
});

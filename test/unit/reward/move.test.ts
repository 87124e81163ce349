// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { extendMoveCost, weighMove, type MoveCost, type MoveSample } from '#reward/move.ts';

const settings = {
  weights: { sustainability: 0.5, performance: 0.4, resources: 0.1 },
  sloP99Milliseconds: undefined,
};

const sample: MoveSample = {
  startUpJoules: 100,
  p99Milliseconds: 60,
  baselineP99Milliseconds: 20,
  seconds: 40,
  replicas: 4,
  moved: 1,
};

function measured(times: number, over: Partial<MoveSample> = {}): MoveCost | undefined {
  let cost: MoveCost | undefined;
  for (let k = 0; k < times; k += 1) cost = extendMoveCost(cost, { ...sample, ...over }, settings);
  return cost;
}

const one = { advantage: 0.2, horizonSeconds: 3600, watts: 10 };

describe('the cost of a move', () => {
  it('is not known before the third measure', () => {
    for (const times of [0, 1, 2]) {
      const verdict = weighMove({ ...one, cost: measured(times) }, settings, 1);
      assert.equal(verdict.kind, 'cost-unknown', `${times} measures`);
    }
    assert.equal(weighMove({ ...one, cost: measured(3) }, settings, 1).kind, 'pays');
  });

  it('is what it says: joules in seconds of ordinary power, latency in Pods that felt it', () => {
    const verdict = weighMove({ ...one, cost: measured(5) }, settings, 2);
    // 100 J at 10 W are 10 s, halved; p99 threefold is a cost of 1.5, so 0.5 more, for 40 s and 4 Pods.
    const expected = 0.5 * 10 + 0.4 * (0.5 * 40 * 4);
    assert.ok(Math.abs((verdict.cost ?? 0) - expected) < 1e-9, `${verdict.cost}`);
    assert.equal(verdict.saving, 720);
  });

  it('of a rollout is shared by the Pods that were new', () => {
    const rollout = measured(3, { moved: 4 });
    const move = measured(3);
    assert.equal(rollout?.disturbanceSeconds.mean, (move?.disturbanceSeconds.mean ?? 0) / 4);
  });

  it('is unknown without watts, and what was not measured is not 0', () => {
    const cost = measured(5);
    for (const watts of [undefined, 0, Number.NaN]) {
      assert.equal(weighMove({ ...one, watts, cost }, settings, 1).kind, 'cost-unknown');
    }
    const blind = measured(5, { startUpJoules: undefined });
    assert.equal(weighMove({ ...one, cost: blind }, settings, 1).kind, 'cost-unknown');
    const deaf = measured(5, { baselineP99Milliseconds: undefined });
    assert.equal(weighMove({ ...one, cost: deaf }, settings, 1).kind, 'cost-unknown');
  });

  it('counts a missed objective above any latency that is legal', () => {
    const slo = { ...settings, sloP99Milliseconds: 50 };
    const breach = extendMoveCost(undefined, sample, slo);
    const legal = extendMoveCost(undefined, { ...sample, p99Milliseconds: 49 }, slo);
    assert.ok(breach.disturbanceSeconds.mean > 1.1 * 40 * 4);
    assert.ok(legal.disturbanceSeconds.mean < 40 * 4);
  });

  it('never pays for a target that is not better; a higher factor never turns no into yes', () => {
    fc.assert(
      fc.property(
        fc.record({
          advantage: fc.double({ min: -2, max: 2, noNaN: true }),
          horizonSeconds: fc.integer({ min: 60, max: 100_000 }),
          watts: fc.double({ min: 0.1, max: 200, noNaN: true }),
          joules: fc.double({ min: 0, max: 10_000, noNaN: true }),
          p99: fc.double({ min: 1, max: 1000, noNaN: true }),
          factor: fc.double({ min: 1, max: 20, noNaN: true }),
        }),
        ({ advantage, horizonSeconds, watts, joules, p99, factor }) => {
          const cost = measured(4, { startUpJoules: joules, p99Milliseconds: p99 });
          const move = { advantage, horizonSeconds, watts, cost };
          const verdict = weighMove(move, settings, factor);
          if (advantage <= 0) assert.notEqual(verdict.kind, 'pays');
          if (verdict.kind === 'pays') assert.ok(verdict.saving > factor * verdict.cost);
          if (verdict.kind === 'does-not-pay') {
            assert.equal(weighMove(move, settings, factor * 2).kind, 'does-not-pay');
          }
        },
      ),
    );
  });
});

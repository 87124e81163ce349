// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { createGenerator } from '#agent/terms/random.ts';
import {
  addShadowSample,
  LANDING_MEMORY,
  LEAST_EFFECTIVE_SAMPLES,
  SHADOW_MEMORY,
  shadowSavings,
  type ShadowSums,
} from '#reward/shadow.ts';

const TARGETS = ['a', 'b', 'c'];
/** Share of the baseline's energy that each saves. */
const SAVED: Readonly<Record<string, number>> = { a: 0.3, b: 0, c: -0.3 };

/** A scheduler that lands on each target about a third of the time, and an agent with its own wish. */
function simulate(seed: number, count: number, wanted: (draw: number) => string): ShadowSums {
  const generator = createGenerator(`shadow ${seed}`);
  let sums: ShadowSums | undefined;
  for (let n = 0; n < count; n += 1) {
    const draw = generator.next();
    const landed = draw < 0.35 ? 'a' : draw < 0.65 ? 'b' : 'c';
    const energy = (SAVED[landed] ?? 0) + 0.2 * (generator.next() - 0.5);
    sums = addShadowSample(sums, {
      wanted: wanted(generator.next()),
      landed,
      targets: TARGETS.length,
      energy,
      latency: 0.1,
    });
  }
  assert.ok(sums);
  return sums;
}

describe('what Shadow decisions would have saved', () => {
  it('is estimated from the Pods that landed there by themselves', () => {
    for (const [target, truth] of Object.entries(SAVED)) {
      let inside = 0;
      let sum = 0;
      for (let seed = 0; seed < 100; seed += 1) {
        const found = shadowSavings(simulate(seed, 300, () => target).decisions);
        assert.ok(found.kind === 'estimated', target);
        for (const one of [found.energy.ips, found.energy.snips, found.energy.doublyRobust]) {
          if (one.low <= truth && truth <= one.high) inside += 1;
        }
        sum += found.energy.doublyRobust.mean;
      }
      assert.ok(inside / 300 >= 0.95, `${target}: ${inside} of 300`);
      assert.ok(Math.abs(sum / 100 - truth) < 0.02, `${target}: ${sum / 100}`);
    }
  });

  it('a wish for the default is what happened anyway', () => {
    const { decisions } = simulate(1, 200, () => DEFAULT_ACTION);
    const found = shadowSavings(decisions);
    assert.ok(found.kind === 'estimated');
    assert.equal(found.effectiveSampleSize, decisions.length);
    const mean = decisions.reduce((total, one) => total + one.energy, 0) / decisions.length;
    assert.ok(Math.abs(found.energy.ips.mean - mean) < 1e-12);
  });

  it('a mixed wish is worth the mix', () => {
    const found = shadowSavings(simulate(5, 200, (draw) => (draw < 0.5 ? 'a' : 'b')).decisions);
    assert.ok(found.kind === 'estimated');
    assert.ok(Math.abs(found.energy.snips.mean - 0.15) < 0.08, `${found.energy.snips.mean}`);
  });

  it('is refused below the floor of the effective sample size', () => {
    const few = shadowSavings(simulate(1, 30, () => 'c').decisions);
    assert.equal(few.kind, 'refused');
    assert.ok(few.effectiveSampleSize < LEAST_EFFECTIVE_SAMPLES);
    assert.deepEqual(shadowSavings([]), {
      kind: 'refused',
      decisions: 0,
      effectiveSampleSize: 0,
      needed: LEAST_EFFECTIVE_SAMPLES,
    });
    const never = shadowSavings(simulate(1, 300, () => 'elsewhere').decisions);
    assert.equal(never.kind, 'refused', 'a target where no Pod ever lands cannot be judged');
  });

  it('only the newest decisions and the frequent targets are kept', () => {
    const { decisions } = simulate(1, SHADOW_MEMORY + 50, () => 'a');
    assert.equal(decisions.length, SHADOW_MEMORY);
    let sums: ShadowSums | undefined;
    for (let n = 0; n < LANDING_MEMORY + 20; n += 1) {
      const sample = { wanted: 'busy', energy: 0, latency: 0, targets: 1000 };
      sums = addShadowSample(sums, { ...sample, landed: 'busy' });
      sums = addShadowSample(sums, { ...sample, landed: `rare-${n}` });
    }
    assert.equal(Object.keys(sums?.landings ?? {}).length, LANDING_MEMORY);
    assert.equal(sums?.landings['busy']?.count, LANDING_MEMORY + 20);
  });
});

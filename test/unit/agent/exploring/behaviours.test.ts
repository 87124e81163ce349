// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Arm } from '#agent/exploring/arm.ts';
import { behaviourOf } from '#agent/exploring/behaviours.ts';
import { epsilonGreedy } from '#agent/exploring/epsilon-greedy.ts';
import { greedy } from '#agent/exploring/greedy.ts';
import { DEFAULTS, type Algorithm } from '#agent/terms/hyperparameters.ts';
import { createGenerator, gaussian } from '#agent/terms/random.ts';
import { softmax } from '#agent/exploring/softmax.ts';
import { thompson } from '#agent/exploring/thompson.ts';
import { ucb1 } from '#agent/exploring/ucb1.ts';
import { UNIFORM } from '../support/learning.ts';
import { range, repeat } from '../support/statistics.ts';

const ALGORITHMS: Algorithm[] = ['EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'];

function arm(action: string, value: number, weight = 1, inFlight = 0): Arm {
  return { action, value, weight, inFlight };
}

const anyArm = fc.record({
  action: fc.constant('x'),
  value: fc.oneof(fc.constantFrom(0, 0.15), fc.double({ min: -3, max: 3, noNaN: true })),
  weight: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })),
  inFlight: fc.nat(3),
});

describe('every behaviour', () => {
  for (const algorithm of ALGORITHMS) {
    const behaviour = behaviourOf(algorithm);

    it(`${algorithm}: probabilities are finite, not negative and sum to 1`, () => {
      const epsilon = fc.double({ min: 0, max: 1, noNaN: true });
      fc.assert(
        fc.property(fc.array(anyArm, { minLength: 1, maxLength: 12 }), epsilon, (arms, share) => {
          const probabilities = behaviour(arms, { ...DEFAULTS, epsilon: share });
          assert.equal(probabilities.length, arms.length);
          for (const probability of probabilities) assert.ok(probability >= 0 && probability <= 1);
          const sum = probabilities.reduce((total, probability) => total + probability, 0);
          assert.ok(Math.abs(sum - 1) < 1e-9);
        }),
      );
    });

    it(`${algorithm}: does not depend on the order of the arms`, () => {
      fc.assert(
        fc.property(fc.array(anyArm, { minLength: 2, maxLength: 6 }), (arms) => {
          const forward = behaviour(arms, DEFAULTS);
          const backward = behaviour([...arms].reverse(), DEFAULTS).reverse();
          for (const index of range(arms.length)) {
            assert.ok(Math.abs(forward[index]! - backward[index]!) < 1e-9);
          }
        }),
      );
    });

    it(`${algorithm}: refuses an empty list and a value that is not a number`, () => {
      assert.throws(() => behaviour([], DEFAULTS), RangeError);
      assert.throws(() => behaviour([arm('a', NaN), arm('b', 1)], DEFAULTS), RangeError);
    });
  }
});

describe('greedy', () => {
  it('shares among all maxima, and among those with the fewest siblings in flight', () => {
    assert.deepEqual(greedy([arm('a', 1), arm('b', 2), arm('c', 2)]), [0, 0.5, 0.5]);
    assert.deepEqual(greedy([arm('a', 2, 1, 1), arm('b', 2), arm('c', 1)]), [0, 1, 0]);
    assert.deepEqual(greedy([arm('a', 2, 1, 9), arm('b', 1)]), [1, 0]);
  });
});

describe('epsilon-greedy', () => {
  const arms = [arm('a', 1), arm('b', 2), arm('c', 2), arm('d', 0)];

  it('without a temperature is epsilon / K for every arm and the rest for the best', () => {
    // To the last bit, as in the audit lines of versions that knew no other rule.
    assert.deepEqual(epsilonGreedy(arms, { ...UNIFORM, epsilon: 0.2 }), [
      0.2 / 4,
      (1 - 0.2) * 0.5 + 0.2 / 4,
      (1 - 0.2) * 0.5 + 0.2 / 4,
      0.2 / 4,
    ]);
  });

  it('explores in proportion to exp(value / temperature), and is greedy with epsilon 0', () => {
    const settings = { ...DEFAULTS, explorationTemperature: 0.5 };
    const [a, b, c, d] = epsilonGreedy(arms, { ...settings, epsilon: 0.2 });
    assert.ok(Math.abs(a! / d! - Math.exp(1 / 0.5)) < 1e-9);
    assert.ok(Math.abs((b! - 0.8 / 2) / a! - Math.exp(1 / 0.5)) < 1e-9);
    assert.equal(b, c);
    assert.deepEqual(epsilonGreedy(arms, { ...settings, epsilon: 0 }), [0, 0.5, 0.5, 0]);
  });

  it('goes over to the textbook rule as the temperature rises', () => {
    const near = epsilonGreedy(arms, { ...DEFAULTS, explorationTemperature: 1e9, epsilon: 0.3 });
    const uniform = epsilonGreedy(arms, { ...UNIFORM, epsilon: 0.3 });
    for (const index of range(4)) assert.ok(Math.abs(near[index]! - uniform[index]!) < 1e-8);
    const settings = { ...DEFAULTS, explorationTemperature: 0 };
    assert.throws(() => epsilonGreedy(arms, settings), RangeError);
  });
});

describe('UCB1', () => {
  it('tries what was never tried first, all alike', () => {
    assert.deepEqual(ucb1([arm('a', 9), arm('b', 0, 0), arm('c', 0, 0)], DEFAULTS), [0, 0.5, 0.5]);
  });

  it('takes the greatest value + c sqrt(ln t / n)', () => {
    // t = 1 + 9 + 3; bounds with c = 1: 1 + 0.534 and 0.6 + 0.925, with c = 0.3: 1.16 and 0.88.
    const arms = [arm('a', 1, 9), arm('b', 0.6, 3)];
    assert.deepEqual(ucb1(arms, { ...DEFAULTS, confidence: 1 }), [1, 0]);
    assert.deepEqual(ucb1(arms, { ...DEFAULTS, confidence: 1.1 }), [0, 1]);
    assert.deepEqual(ucb1(arms, { ...DEFAULTS, confidence: 0.3 }), [1, 0]);
    // The bounds cross at c = 0.4 / (sqrt(ln 13 / 3) - sqrt(ln 13 / 9)) = 1.0235.
    assert.deepEqual(ucb1(arms, { ...DEFAULTS, confidence: 1.02 }), [1, 0]);
    assert.deepEqual(ucb1(arms, { ...DEFAULTS, confidence: 1.03 }), [0, 1]);
  });
});

describe('softmax', () => {
  it('is in proportion to exp(value / temperature), for great values too', () => {
    for (const shift of [0, 1000]) {
      const arms = [arm('a', shift), arm('b', shift + 0.05)];
      const [one, two] = softmax(arms, { ...DEFAULTS, temperature: 0.05 });
      assert.ok(Math.abs(two! / one! - Math.E) < 1e-9);
    }
    assert.throws(() => softmax([arm('a', 0)], { ...DEFAULTS, temperature: 0 }), RangeError);
  });
});

describe('Thompson', () => {
  const settings = { ...DEFAULTS, returnDeviation: 0.4 };

  it('agrees with the closed form for two arms', () => {
    // P(a > b) = Phi((1.1 - 1) / sqrt(0.4^2 / 4 + 0.4^2 / 16)) = Phi(0.447214) = 0.672640.
    const [one, two] = thompson([arm('a', 1.1, 3), arm('b', 1, 15)], settings);
    assert.ok(Math.abs(one! - 0.6726396) < 1e-6, `${one}`);
    assert.ok(Math.abs(one! + two! - 1) < 1e-12);
  });

  it('agrees with drawing one number per arm', () => {
    const arms = [arm('a', 0, 0), arm('b', 0.2, 3), arm('c', 0.25, 40), arm('d', 0.2, 3)];
    const probabilities = thompson(arms, settings);
    const generator = createGenerator('thompson');
    const draws = 40_000;
    const wins = arms.map(() => 0);
    repeat(draws, () => {
      const samples = arms.map(
        ({ value, weight }) => value + (0.4 / Math.sqrt(1 + weight)) * gaussian(generator),
      );
      wins[samples.indexOf(Math.max(...samples))]! += 1;
    });
    for (const index of range(arms.length)) {
      const probability = probabilities[index]!;
      const standardError = Math.sqrt((probability * (1 - probability)) / draws);
      assert.ok(Math.abs(wins[index]! / draws - probability) < 4 * standardError);
    }
    assert.equal(probabilities[1], probabilities[3]);
  });

  it('stays a distribution where one arm is certain and another is far behind', () => {
    const probabilities = thompson([arm('a', 5, 1e6), arm('b', -5, 1e6), arm('c', 0, 0)], settings);
    assert.ok(probabilities[0]! > 1 - 1e-9);
    assert.throws(() => thompson([arm('a', 0)], { ...settings, returnDeviation: 0 }), RangeError);
  });
});

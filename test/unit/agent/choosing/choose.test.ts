// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { choose, type Choice, type ChooseInput } from '#agent/choosing/choose.ts';
import { DEFAULTS, type Algorithm } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import { range } from '../support/statistics.ts';

const ALGORITHMS: Algorithm[] = ['EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'];

function inputOf(changes: Partial<ChooseInput> = {}): ChooseInput {
  return {
    state: 's',
    actions: ['a', 'b', DEFAULT_ACTION],
    table: { s: { a: { value: 0.2, weight: 5 }, b: { value: -0.1, weight: 5 } } },
    hyperparameters: DEFAULTS,
    episodes: 0,
    defaultSamples: 10,
    holdoutRatio: 0.05,
    exploreAllowed: true,
    generator: createGenerator('choose'),
    ...changes,
  };
}

/** The third number of a generator. */
function afterTwo(seed: string): number {
  const generator = createGenerator(seed);
  generator.next();
  generator.next();
  return generator.next();
}

const TARGETS = ['a', 'b', 'c', 'constructor', 'node-1', 'node-2'];
const cell = fc.record({
  value: fc.double({ min: -2, max: 2, noNaN: true }),
  weight: fc.double({ min: 0.1, max: 100, noNaN: true }),
});
const table = fc.dictionary(
  fc.constantFrom('s', 't'),
  fc.dictionary(fc.constantFrom(DEFAULT_ACTION, ...TARGETS), cell),
);

/** A choice as plain data, and the seed of its generator. */
const anyInput = fc.record({
  targets: fc.shuffledSubarray(TARGETS),
  table: fc.option(table, { nil: undefined }),
  prior: fc.option(table, { nil: undefined }),
  algorithm: fc.constantFrom(...ALGORITHMS),
  episodes: fc.nat(500),
  defaultSamples: fc.nat(6),
  holdoutRatio: fc.constantFrom(0, 0.05, 0.5, 1),
  exploreAllowed: fc.boolean(),
  inFlight: fc.option(fc.dictionary(fc.constantFrom(...TARGETS), fc.nat(3)), { nil: undefined }),
  seed: fc.string(),
});

type Plain = typeof anyInput extends fc.Arbitrary<infer Value> ? Value : never;

function run(plain: Plain, reversed = false): Choice {
  const { targets, algorithm, seed, inFlight, ...rest } = plain;
  const actions = [DEFAULT_ACTION, ...targets];
  return choose({
    ...rest,
    state: 's',
    actions: reversed ? actions.reverse() : actions,
    hyperparameters: { ...DEFAULTS, algorithm },
    inFlight: inFlight && new Map(Object.entries(inFlight)),
    generator: createGenerator(seed),
  });
}

describe('choose', () => {
  it('replays: same input and seed, same choice, whatever the order of the actions', () => {
    fc.assert(
      fc.property(anyInput, (plain) => {
        const first = run(plain);
        const again = run(JSON.parse(JSON.stringify(plain)) as Plain, true);
        assert.equal(JSON.stringify(again), JSON.stringify(first));
      }),
      { numRuns: 10_000 },
    );
  });

  it('always takes a feasible action with the propensity it states', () => {
    fc.assert(
      fc.property(anyInput, (plain) => {
        const choice = run(plain);
        assert.ok([DEFAULT_ACTION, ...plain.targets].includes(choice.action));
        assert.ok(choice.propensity > 0 && choice.propensity <= 1 + 1e-12);
        assert.equal(choice.probabilities[choice.action], choice.propensity);
        const sum = Object.values(choice.probabilities).reduce((total, each) => total + each, 0);
        assert.ok(Math.abs(sum - 1) < 1e-9);
        assert.deepEqual(
          Object.keys(choice.values).sort(),
          [DEFAULT_ACTION, ...plain.targets].sort(),
        );
      }),
      { numRuns: 2000 },
    );
  });

  for (const algorithm of ALGORITHMS) {
    it(`${algorithm}: takes each action as often as it says`, () => {
      const hyperparameters = { ...DEFAULTS, algorithm, epsilon: 0.3, epsilonFloor: 0.3 };
      const counts = new Map<string, number>();
      const draws = 20_000;
      const input = inputOf({
        hyperparameters,
        actions: ['a', 'b', 'c', DEFAULT_ACTION],
        table: {
          s: {
            a: { value: 0.2, weight: 5 },
            b: { value: 0.1, weight: 4 },
            c: { value: 0.2, weight: 5 },
            [DEFAULT_ACTION]: { value: 0, weight: 6 },
          },
        },
        holdoutRatio: 0.1,
      });
      const { probabilities } = choose(input);
      for (const draw of range(draws)) {
        const generator = createGenerator(`${algorithm} ${draw}`);
        const { action } = choose({ ...input, generator });
        counts.set(action, (counts.get(action) ?? 0) + 1);
      }
      for (const [action, probability] of Object.entries(probabilities)) {
        const standardError = Math.sqrt((probability * (1 - probability)) / draws);
        const share = (counts.get(action) ?? 0) / draws;
        assert.ok(Math.abs(share - probability) <= 4 * standardError, `${action}: ${share}`);
      }
      assert.ok(probabilities[DEFAULT_ACTION]! >= 0.1);
    });
  }

  it('has no accessor of its own: each would keep its own class alive, and all that it reaches', () => {
    const choice = choose(inputOf());
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(choice))) {
      assert.ok('value' in property, name);
    }
    assert.deepEqual(Object.keys(choice.probabilities), [DEFAULT_ACTION, 'a', 'b']);
    assert.deepEqual(choice.values['a'], { value: 0.2, weight: 5 });
    assert.notEqual(choice.values, choice.values);
  });

  it('leaves everything to the default during burn-in', () => {
    for (const defaultSamples of [0, 2]) {
      const choice = choose(inputOf({ defaultSamples }));
      assert.equal(choice.action, DEFAULT_ACTION);
      assert.equal(choice.reason, 'burn-in');
      assert.equal(choice.propensity, 1);
    }
    assert.notEqual(choose(inputOf({ defaultSamples: 3 })).reason, 'burn-in');
  });

  it('leaves everything to the default while the circuit is open, whatever the draw', () => {
    for (const seed of range(50)) {
      const generator = createGenerator(`circuit ${seed}`);
      const choice = choose(inputOf({ circuitOpen: true, holdoutRatio: 0.5, generator }));
      assert.equal(choice.reason, 'circuit-open');
      assert.equal(choice.action, DEFAULT_ACTION);
      assert.equal(choice.propensity, 1);
      assert.equal(generator.next(), afterTwo(`circuit ${seed}`), 'two draws, as always');
    }
    const early = choose(inputOf({ circuitOpen: true, defaultSamples: 0 }));
    assert.equal(early.reason, 'circuit-open');
    const alone = choose(inputOf({ circuitOpen: true, actions: [DEFAULT_ACTION] }));
    assert.equal(alone.reason, 'only-default');
  });

  it('says only-default where nothing else is feasible, in burn-in too', () => {
    const choice = choose(inputOf({ actions: [DEFAULT_ACTION], defaultSamples: 0 }));
    assert.equal(choice.reason, 'only-default');
    assert.equal(choice.propensity, 1);
  });

  it('names the holdout, and counts it in the propensity of the default', () => {
    const choice = choose(inputOf({ holdoutRatio: 1 }));
    assert.deepEqual([choice.action, choice.reason], [DEFAULT_ACTION, 'holdout']);
    assert.equal(choice.propensity, 1);
    const { probabilities } = choose(inputOf({ holdoutRatio: 0.5, exploreAllowed: false }));
    assert.deepEqual(probabilities, { [DEFAULT_ACTION]: 0.5, a: 0.5, b: 0 });
  });

  it('takes only a best action where exploring is not allowed, and says so', () => {
    for (const algorithm of ALGORITHMS) {
      for (const draw of range(50)) {
        const choice = choose(
          inputOf({
            hyperparameters: { ...DEFAULTS, algorithm, epsilon: 1 },
            holdoutRatio: 0,
            exploreAllowed: false,
            generator: createGenerator(draw),
          }),
        );
        assert.deepEqual([choice.action, choice.reason, choice.propensity], ['a', 'greedy', 1]);
        assert.equal(choice.epsilon, 0);
        assert.equal(choice.exploreAllowed, false);
      }
    }
  });

  it('says explore exactly where the action is not among the best', () => {
    const hyperparameters = { ...DEFAULTS, epsilon: 0.9, epsilonFloor: 0.9 };
    const reasons = new Set<string>();
    for (const draw of range(200)) {
      const generator = createGenerator(draw);
      const choice = choose(inputOf({ hyperparameters, holdoutRatio: 0, generator }));
      assert.equal(choice.reason, choice.action === 'a' ? 'greedy' : 'explore');
      assert.equal(choice.epsilon, 0.9);
      reasons.add(choice.reason);
    }
    assert.deepEqual([...reasons].sort(), ['explore', 'greedy']);
  });

  it('tries new targets before the default, and believes the prior', () => {
    const fresh = choose(inputOf({ table: undefined, holdoutRatio: 0, exploreAllowed: false }));
    assert.deepEqual(fresh.probabilities, { [DEFAULT_ACTION]: 0, a: 0.5, b: 0.5 });
    const prior = { s: { a: { value: -1, weight: 9 }, b: { value: 0.3, weight: 9 } } };
    const known = choose(
      inputOf({ table: undefined, prior, exploreAllowed: false, holdoutRatio: 0 }),
    );
    assert.equal(known.action, 'b');
    assert.deepEqual(known.values['b'], {
      value: (9 * 0.3 + DEFAULTS.initialValue) / 10,
      weight: 2,
    });
  });

  it('tries a target that one sample of another workload speaks against, and not one that many do', () => {
    const table = { s: { [DEFAULT_ACTION]: { value: 0, weight: 30 } } };
    const after = (weight: number, initialWeight = DEFAULTS.initialWeight) => {
      const prior = { s: { a: { value: -0.05, weight }, b: { value: -0.4, weight: 9 } } };
      const hyperparameters = { ...DEFAULTS, initialWeight };
      const input = { table, prior, hyperparameters, exploreAllowed: false, holdoutRatio: 0 };
      return choose(inputOf(input)).action;
    };
    assert.equal(after(1), 'a');
    assert.equal(after(4), DEFAULT_ACTION);
    // As it was: never tried again by this workload.
    assert.equal(after(1, 0), DEFAULT_ACTION);
  });

  it('spreads a burst over targets that look the same', () => {
    const input = inputOf({ table: undefined, holdoutRatio: 0, exploreAllowed: false });
    const { action } = choose({ ...input, inFlight: new Map(Object.entries({ a: 1, b: 0 })) });
    assert.equal(action, 'b');
    assert.equal(choose({ ...input, inFlight: new Map([['b', 1]]) }).action, 'a');
  });

  it('refuses actions without the default and ratios that are none', () => {
    assert.throws(() => choose(inputOf({ actions: ['a'] })), RangeError);
    for (const holdoutRatio of [-0.1, 1.1, NaN]) {
      assert.throws(() => choose(inputOf({ holdoutRatio })), RangeError);
    }
  });
});

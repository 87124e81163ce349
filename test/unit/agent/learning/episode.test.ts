// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { creditsOf, learnEpisode, type EpisodeStep } from '#agent/learning/episode.ts';
import { cellOf } from '#agent/learning/estimate.ts';
import { DEFAULTS, type Hyperparameters } from '#agent/terms/hyperparameters.ts';
import { createGenerator, gaussian, pick } from '#agent/terms/random.ts';
import type { ValueTable } from '#agent/terms/value-table.ts';
import { range, summarise } from '../support/statistics.ts';

const ACTIONS = [DEFAULT_ACTION, 'a', 'b'];
const MEAN: Hyperparameters = { ...DEFAULTS, discount: 1, traceDecay: 1, stepFloor: 0 };

function stepOf(changes: Partial<EpisodeStep> = {}): EpisodeStep {
  return {
    table: 'shop/Deployment/frontend',
    state: 's',
    asked: 'a',
    landed: 'a',
    reward: 0.1,
    actions: ACTIONS,
    ...changes,
  };
}

function learn(
  steps: EpisodeStep[],
  hyperparameters = MEAN,
  tables: Record<string, ValueTable> = {},
) {
  return learnEpisode({ steps, tables, hyperparameters, episodes: 0 });
}

describe('creditsOf', () => {
  it('credits the landing, and the default with its own decision', () => {
    assert.deepEqual(creditsOf('a', 'a', 0.5), [{ action: 'a', credit: 1 }]);
    assert.deepEqual(creditsOf('a', 'b', 0.5), [{ action: 'b', credit: 0.5 }]);
    assert.deepEqual(creditsOf('a', 'b', 0), []);
    assert.deepEqual(creditsOf(DEFAULT_ACTION, 'b', 0.5), [
      { action: DEFAULT_ACTION, credit: 1 },
      { action: 'b', credit: 0.5 },
    ]);
    assert.deepEqual(creditsOf(DEFAULT_ACTION, 'b', 0), [{ action: DEFAULT_ACTION, credit: 1 }]);
    assert.throws(() => creditsOf('a', DEFAULT_ACTION, 0.5), RangeError);
  });
});

describe('learnEpisode', () => {
  it('writes to the table of each step what its return says', () => {
    const steps = [
      stepOf({ table: 'one', reward: 0.1 }),
      stepOf({ table: 'two', state: 't', asked: DEFAULT_ACTION, landed: 'b', reward: 0.2 }),
    ];
    const { tables, steps: records } = learn(steps);
    assert.deepEqual(tables, {
      one: { s: { a: { value: 0.1 + 0.2, weight: 1 } } },
      two: { t: { [DEFAULT_ACTION]: { value: 0.2, weight: 1 }, b: { value: 0.2, weight: 0.5 } } },
    });
    assert.equal(records[0]!.return, 0.1 + 0.2);
    assert.deepEqual(records[1]!.updates, [
      {
        action: DEFAULT_ACTION,
        credit: 1,
        tdError: 0.2,
        before: undefined,
        after: { value: 0.2, weight: 1 },
      },
      {
        action: 'b',
        credit: 0.5,
        tdError: 0.2 - DEFAULTS.initialValue,
        before: undefined,
        after: { value: 0.2, weight: 0.5 },
      },
    ]);
  });

  it('leaves what was passed in as it was, and tables it did not touch in place', () => {
    const tables = { other: { s: { a: { value: 1, weight: 1 } } }, one: {} };
    const before = structuredClone(tables);
    const outcome = learn([stepOf({ table: 'one' })], MEAN, tables);
    assert.deepEqual(tables, before);
    assert.equal(outcome.tables['other'], tables.other);
    assert.deepEqual(Object.keys(outcome.tables['one']!), ['s']);
  });

  it('bootstraps from estimates: prior, or the best of what is feasible', () => {
    const steps = [stepOf({ table: 'one', reward: 0 }), stepOf({ table: 'two', reward: 1 })];
    const hyperparameters = { ...MEAN, traceDecay: 0, discount: 0.5, epsilon: 0, epsilonFloor: 0 };
    const priors = { two: { s: { b: { value: 0.8, weight: 10 } } } };
    const input = { steps, tables: {}, hyperparameters, episodes: 0 };
    assert.equal(learnEpisode(input).steps[0]!.return, 0.5 * 0.15);
    const untried = (10 * 0.8 + 0.15) / 11;
    assert.equal(learnEpisode({ ...input, priors }).steps[0]!.return, 0.5 * untried);
    const few = steps.map((step) => ({ ...step, actions: [DEFAULT_ACTION] }));
    assert.equal(learnEpisode({ ...input, priors, steps: few }).steps[0]!.return, 0);
  });

  it('with sarsa bootstraps from what was done: the landing, or the default', () => {
    const hyperparameters: Hyperparameters = { ...MEAN, bootstrap: 'sarsa', traceDecay: 0 };
    const row = Object.fromEntries(
      ACTIONS.map((action, index) => [action, { value: index + 1, weight: 1 }]),
    );
    const returnOf = (asked: string, landed: string) => {
      const steps = [stepOf({ reward: 0 }), stepOf({ table: 'two', asked, landed })];
      return learn(steps, hyperparameters, { two: { s: row } }).steps[0]!.return;
    };
    assert.equal(returnOf('a', 'a'), 2);
    assert.equal(returnOf('a', 'b'), 3);
    assert.equal(returnOf(DEFAULT_ACTION, 'b'), 1);
  });

  it('cuts every return at the horizon', () => {
    const steps = [1, 2, 4, 8].map((reward) => stepOf({ reward, actions: [DEFAULT_ACTION] }));
    const { steps: records } = learn(steps, { ...MEAN, horizon: 2 });
    assert.deepEqual(
      records.map((record) => record.return),
      [3, 6, 12, 8],
    );
  });

  it('skips a censored step, and never passes a return through it', () => {
    const steps = [
      stepOf({ state: 'x', reward: 1 }),
      stepOf({ state: 'y', reward: undefined }),
      stepOf({ state: 'z', reward: 5 }),
    ];
    const tables = {
      [steps[1]!.table]: Object.fromEntries([
        ['y', Object.fromEntries(ACTIONS.map((action) => [action, { value: 0.25, weight: 3 }]))],
      ]),
    };
    const { tables: after, steps: records } = learn(steps, MEAN, tables);
    assert.deepEqual(
      records.map((record) => record.return),
      [1.25, undefined, 5],
    );
    assert.deepEqual(records[1]!.updates, []);
    assert.deepEqual(after[steps[1]!.table]!['y'], tables[steps[1]!.table]!['y']);
  });

  it('a censored episode teaches nothing at all', () => {
    const step = fc.record({
      table: fc.constantFrom('one', 'two'),
      state: fc.constantFrom('s', 't'),
      asked: fc.constantFrom(...ACTIONS),
      landed: fc.constantFrom('a', 'b'),
      reward: fc.constant(undefined),
      actions: fc.constant(ACTIONS),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const tables = { one: { s: { a: { value: 1, weight: 1 } } }, two: {} };
        assert.deepEqual(learn(steps, DEFAULTS, tables).tables, tables);
      }),
    );
  });

  it('refuses a reward that is not finite', () => {
    assert.throws(() => learn([stepOf({ reward: NaN })]), RangeError);
  });
});

describe('credit for the landing, at 50 % adherence', () => {
  const truth = { a: 0.3, b: -0.2 };
  const noise = 0.2;
  const episodes = 400;

  /** A scheduler that follows half of what is asked, and of the default sends a third to a. */
  function runOf(seed: number): { steps: EpisodeStep[]; table: ValueTable } {
    const generator = createGenerator(`adherence ${seed}`);
    let tables: Readonly<Record<string, ValueTable>> = {};
    const steps = range(episodes).map(() => {
      const asked = pick(generator, ACTIONS);
      const follows = generator.next() < 0.5;
      const other = asked === 'a' ? 'b' : 'a';
      const byDefault = generator.next() < 1 / 3 ? 'a' : 'b';
      const landed = asked === DEFAULT_ACTION ? byDefault : follows ? asked : other;
      const reward = truth[landed as 'a' | 'b'] + noise * gaussian(generator);
      return stepOf({ asked, landed, reward });
    });
    for (const [count, step] of steps.entries()) {
      tables = learnEpisode({
        steps: [step],
        tables,
        hyperparameters: MEAN,
        episodes: count,
      }).tables;
    }
    return { steps, table: tables[steps[0]!.table]! };
  }

  const runs = range(60).map(runOf);

  /** Asserts that the mean over runs is within four standard errors of the truth. */
  function unbiased(values: number[], expected: number): void {
    const { mean, standardError } = summarise(values);
    assert.ok(Math.abs(mean - expected) < 4 * standardError, `${mean}, not ${expected}`);
  }

  it('estimates the value of running on each target without bias', () => {
    for (const target of ['a', 'b'] as const) {
      unbiased(
        runs.map(({ table }) => cellOf(table, 's', target)!.value),
        truth[target],
      );
    }
  });

  it('estimates the default as what the scheduler makes of it', () => {
    unbiased(
      runs.map(({ table }) => cellOf(table, 's', DEFAULT_ACTION)!.value),
      (truth.a + 2 * truth.b) / 3,
    );
  });

  it('where crediting what was asked would see half of the difference at most', () => {
    const asked = runs.map(({ steps }) => {
      const rewards = steps.filter((step) => step.asked === 'a').map((step) => step.reward!);
      return rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    });
    const { mean, standardError } = summarise(asked);
    assert.ok(mean + 4 * standardError < truth.a);
    unbiased(asked, (truth.a + truth.b) / 2);
  });
});

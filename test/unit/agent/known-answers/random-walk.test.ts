// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
import { learnerOf, rootMeanSquare, textbook, walk } from '../support/learning.ts';
import { assertAgrees, range, repeat } from '../support/statistics.ts';

/*
 * Sutton & Barto 2018, examples 6.2 and 7.1. The expected errors come from another implementation
 * and are given to three decimals; its runs are taken to be the 100 of the textbook's figures.
 */
const published = { rounding: 0.0005, runs: 100 };

describe('random walk of 5 states', () => {
  const truth = [1, 2, 3, 4, 5].map((state) => state / 6);
  const runs = 300;

  it('starts with a root mean square error of 0.2357', () => {
    const learner = learnerOf(textbook({}), 0.5);
    assert.ok(Math.abs(rootMeanSquare(learner, truth) - Math.sqrt(1 / 18)) < 1e-12);
    assert.equal(rootMeanSquare(learner, truth).toFixed(4), '0.2357');
  });

  const rows = [
    { name: 'TD(0)', stepSize: 0.05, horizon: 1, after10: 0.175, after100: 0.037 },
    { name: 'TD(0)', stepSize: 0.1, horizon: 1, after10: 0.128, after100: 0.055 },
    { name: 'TD(0)', stepSize: 0.15, horizon: 1, after10: 0.095, after100: 0.07 },
    { name: 'Monte Carlo', stepSize: 0.02, horizon: Infinity, after10: 0.197, after100: 0.081 },
  ];
  for (const { name, stepSize, horizon, after10, after100 } of rows) {
    it(`${name}, alpha ${stepSize}: ${after10} after 10 episodes, ${after100} after 100`, () => {
      const early: number[] = [];
      const late: number[] = [];
      for (const run of range(runs)) {
        const generator = createGenerator(`walk-5 ${run}`);
        const learner = learnerOf(textbook({ stepSize, horizon }), 0.5);
        for (const episode of range(100)) {
          walk(learner, 5, { left: 0, right: 1 }, generator);
          if (episode === 9) early.push(rootMeanSquare(learner, truth));
        }
        late.push(rootMeanSquare(learner, truth));
      }
      assertAgrees('after 10', early, { ...published, expected: after10 });
      assertAgrees('after 100', late, { ...published, expected: after100 });
    });
  }

  it('converges to the true values with 1/N steps', () => {
    const generator = createGenerator('walk-5 mean');
    const settings = textbook({ stepRule: 'mean', stepFloor: 0, horizon: Infinity });
    const learner = learnerOf(settings, 0.5);
    const episodes = 4000;
    repeat(episodes, () => walk(learner, 5, { left: 0, right: 1 }, generator));
    // A mean of 0/1 returns, at least 4000/3 visits in clumps of at most 3 on average.
    const standardError = Math.sqrt(0.25 / (episodes / 3));
    assert.ok(rootMeanSquare(learner, truth) < 4 * standardError);
  });
});

describe('random walk of 19 states, n-step TD', () => {
  const truth = range(19).map((index) => -0.9 + index / 10);
  const rows = [
    { horizon: 1, stepSize: 0.8, expected: 0.346 },
    { horizon: 2, stepSize: 0.6, expected: 0.279 },
    { horizon: 4, stepSize: 0.4, expected: 0.254 },
    { horizon: 8, stepSize: 0.3, expected: 0.288 },
    { horizon: 16, stepSize: 0.2, expected: 0.324 },
  ];
  for (const { horizon, stepSize, expected } of rows) {
    it(`n ${horizon}, alpha ${stepSize}: mean error ${expected} over the first 10 episodes`, () => {
      const errors = range(200).map((run) => {
        const generator = createGenerator(`walk-19 ${run}`);
        const learner = learnerOf(textbook({ horizon, stepSize }), 0);
        const each = range(10).map(() => {
          walk(learner, 19, { left: -1, right: 1 }, generator);
          return rootMeanSquare(learner, truth);
        });
        return each.reduce((sum, error) => sum + error, 0) / each.length;
      });
      assertAgrees(`n ${horizon}`, errors, { ...published, expected });
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { epsilonGreedy } from '#agent/exploring/epsilon-greedy.ts';
import type { Bootstrap } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import type { TdLearner } from '#agent/learning/td.ts';
import { learnerOf, textbook, UNIFORM } from '../support/learning.ts';
import { assertAgrees, assertBelow, range, repeat } from '../support/statistics.ts';
import { clamp, FOUR, greedyPath, MOVES, playEpisode, position } from '../support/grid.ts';
import { stateValues, sweep, type World } from '../support/grid.ts';

/* Cliff walking, Sutton & Barto 2018, example 6.6: 12 x 4, alpha 0.5, epsilon 0.1, 500 episodes. */

const cliff: World = {
  start: '0 0',
  actions: FOUR,
  step: (state, action) => {
    const [x, y] = position(state);
    const [dx, dy] = MOVES[action]!;
    const [toX, toY] = [clamp(x + dx, 11), clamp(y + dy, 3)];
    if (toY > 0 || toX === 0) return { reward: -1, next: `${toX} ${toY}` };
    return toX === 11 ? { reward: -1, next: undefined } : { reward: -100, next: '0 0' };
  },
};

const STATES = ['0 0', ...range(12).flatMap((x) => [1, 2, 3].map((y) => `${x} ${y}`))];
const epsilon = 0.1;
const episodes = 500;
const runs = 40;

interface Result {
  readonly learner: TdLearner<string>;
  /** Mean return of the last 100 episodes. */
  readonly online: number;
}

function learn(bootstrap: Bootstrap): Result[] {
  return range(runs).map((run) => {
    const generator = createGenerator(`cliff ${bootstrap} ${run}`);
    const learner = learnerOf(textbook({ bootstrap, stepSize: 0.5, epsilon }), 0);
    const settings = { ...UNIFORM, epsilon };
    const returns = range(episodes).map(() =>
      playEpisode(cliff, learner, { behaviour: epsilonGreedy, settings, generator }),
    );
    return { learner, online: returns.slice(-100).reduce((sum, total) => sum + total, 0) / 100 };
  });
}

/** Best value of the start among epsilon-soft policies, by value iteration. */
function bestSoftValue(): number {
  const values = new Map(STATES.map((state) => [state, 0]));
  repeat(2000, () => {
    for (const state of values.keys()) {
      const each = FOUR.map((action) => {
        const { reward, next } = cliff.step(state, action);
        return reward + (next === undefined ? 0 : values.get(next)!);
      });
      const mean = each.reduce((sum, value) => sum + value, 0) / each.length;
      values.set(state, (1 - epsilon) * Math.max(...each) + epsilon * mean);
    }
  });
  return values.get('0 0')!;
}

describe('cliff walking', () => {
  const results = new Map<Bootstrap, Result[]>();
  const online = (bootstrap: Bootstrap) => results.get(bootstrap)!.map((result) => result.online);

  it('Q-learning: the greedy path is the optimal one, 13 steps, in every run', () => {
    results.set('q-learning', learn('q-learning'));
    for (const { learner } of results.get('q-learning')!) {
      assert.equal(greedyPath(cliff, learner, 100), 13);
      const start = Math.max(...FOUR.map((action) => learner.values.estimate('0 0', action)));
      assert.ok(Math.abs(start + 13) < 1e-3);
    }
  });

  it('Expected Sarsa, all states swept: the value of the best epsilon-soft policy', () => {
    const best = bestSoftValue();
    assert.equal(best.toFixed(4), '-20.7077');
    const settings = textbook({ bootstrap: 'expected-sarsa', stepSize: 1, epsilon });
    const learner = learnerOf(settings, 0);
    sweep(cliff, learner, STATES, 500);
    const [start = NaN] = stateValues(cliff, learner, ['0 0'], epsilon);
    assert.ok(Math.abs(start - best) < 1e-9, `${start}`);
  });

  it('Expected Sarsa: path of 15 steps, online return of the best epsilon-soft policy', () => {
    results.set('expected-sarsa', learn('expected-sarsa'));
    for (const { learner } of results.get('expected-sarsa')!) {
      assert.equal(greedyPath(cliff, learner, 100), 15);
    }
    const published = { expected: bestSoftValue(), rounding: 0, runs: Infinity };
    assertAgrees('online return', online('expected-sarsa'), published);
  });

  it('Sarsa: online return about -26', () => {
    results.set('sarsa', learn('sarsa'));
    assertAgrees('online return', online('sarsa'), { expected: -26, rounding: 0.5, runs: 100 });
  });

  it('online, Q-learning falls off the cliff more than Sarsa, and Sarsa more than Expected', () => {
    const published = { expected: -50, rounding: 2.5, runs: 100 };
    assertAgrees('online return', online('q-learning'), published);
    assertBelow('Q-learning < Sarsa', online('q-learning'), online('sarsa'));
    assertBelow('Sarsa < Expected Sarsa', online('sarsa'), online('expected-sarsa'));
  });
});

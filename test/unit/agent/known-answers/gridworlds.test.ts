// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { epsilonGreedy } from '#agent/exploring/epsilon-greedy.ts';
import { createGenerator } from '#agent/terms/random.ts';
import { learnerOf, textbook, UNIFORM } from '../support/learning.ts';
import { range, repeat } from '../support/statistics.ts';
import { clamp, EIGHT, FOUR, greedyPath, MOVES, playEpisode, position } from '../support/grid.ts';
import { stateValues, sweep, type World } from '../support/grid.ts';

/* Windy gridworld, Sutton & Barto 2018, example 6.5 and exercise 6.9: 10 x 7, wind blows up. */

const WIND = [0, 0, 0, 1, 1, 1, 2, 2, 1, 0];

function windy(actions: readonly string[]): World {
  return {
    start: '0 3',
    actions,
    step: (state, action) => {
      const [x, y] = position(state);
      const [dx, dy] = MOVES[action]!;
      const next = `${clamp(x + dx, 9)} ${clamp(y + dy + WIND[x]!, 6)}`;
      return { reward: -1, next: next === '7 3' ? undefined : next };
    },
  };
}

describe('windy gridworld', () => {
  const rows = [
    { name: 'four moves', actions: FOUR, steps: 15 },
    { name: "king's moves", actions: EIGHT, steps: 7 },
    { name: "king's moves and staying", actions: [...EIGHT, 'stay'], steps: 7 },
  ];
  for (const { name, actions, steps } of rows) {
    it(`${name}: the greedy path takes ${steps} steps in every run`, () => {
      for (const run of range(10)) {
        const generator = createGenerator(`windy ${name} ${run}`);
        const learner = learnerOf(textbook({ bootstrap: 'q-learning', stepSize: 0.5 }), 0);
        const settings = { ...UNIFORM, epsilon: 0.1 };
        const play = { behaviour: epsilonGreedy, settings, generator };
        repeat(500, () => {
          playEpisode(windy(actions), learner, play);
        });
        assert.equal(greedyPath(windy(actions), learner, 100), steps);
      }
    });
  }
});

describe('5 x 5 gridworld, gamma 0.9 (examples 3.5 and 3.8)', () => {
  const world: World = {
    start: '0 0',
    actions: FOUR,
    step: (state, action) => {
      if (state === '1 4') return { reward: 10, next: '1 0' };
      if (state === '3 4') return { reward: 5, next: '3 2' };
      const [x, y] = position(state);
      const [dx, dy] = MOVES[action]!;
      const next = `${clamp(x + dx, 4)} ${clamp(y + dy, 4)}`;
      return { reward: next === state ? -1 : 0, next };
    },
  };
  const states = [4, 3, 2, 1, 0].flatMap((y) => range(5).map((x) => `${x} ${y}`));
  const settings = textbook({ discount: 0.9, stepSize: 1, epsilon: 1 });

  it('Expected Sarsa with epsilon 1 finds the values of the random policy', () => {
    const learner = learnerOf({ ...settings, bootstrap: 'expected-sarsa' }, 0);
    sweep(world, learner, states, 200);
    const values = stateValues(world, learner, states, 1).map((value) => value.toFixed(1));
    assert.deepEqual(values.slice(0, 5), ['3.3', '8.8', '4.4', '5.3', '1.5']);
  });

  it('Q-learning finds the optimal values', () => {
    const learner = learnerOf({ ...settings, bootstrap: 'q-learning' }, 0);
    sweep(world, learner, states, 200);
    const values = stateValues(world, learner, states, 0).map((value) => value.toFixed(1));
    assert.deepEqual(values.slice(0, 5), ['22.0', '24.4', '22.0', '19.4', '17.5']);
  });
});

describe('4 x 4 gridworld, random policy (example 4.1)', () => {
  it('Expected Sarsa with epsilon 1 finds 0 -14 -20 -22 / -14 -18 -20 -20 / ...', () => {
    const corners = new Set(['0 0', '3 3']);
    const world: World = {
      start: '0 0',
      actions: FOUR,
      step: (state, action) => {
        const [x, y] = position(state);
        const [dx, dy] = MOVES[action]!;
        const next = `${clamp(x + dx, 3)} ${clamp(y + dy, 3)}`;
        return { reward: -1, next: corners.has(next) ? undefined : next };
      },
    };
    const states = range(4).flatMap((y) => range(4).map((x) => `${x} ${y}`));
    const open = states.filter((state) => !corners.has(state));
    const settings = textbook({ bootstrap: 'expected-sarsa', stepSize: 1, epsilon: 1 });
    const learner = learnerOf(settings, 0);
    sweep(world, learner, open, 500);
    const values = stateValues(world, learner, open, 1).map(Math.round);
    assert.deepEqual(
      values,
      [-14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14],
    );
  });
});

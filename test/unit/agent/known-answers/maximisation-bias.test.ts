// SPDX-License-Identifier: Apache-2.0
import { describe, it } from 'node:test';
import { epsilonGreedy } from '#agent/exploring/epsilon-greedy.ts';
import { createGenerator, gaussian } from '#agent/terms/random.ts';
import { act, learnerOf, textbook, UNIFORM } from '../support/learning.ts';
import { assertAgrees, range } from '../support/statistics.ts';

/*
 * Maximisation bias, Sutton & Barto 2018, example 6.7: from A, right ends with 0; left leads to B,
 * where each of 10 actions ends with N(-0.1, 1). Left is wrong, but Q-learning believes the
 * greatest of ten noisy estimates. Expected shares from another implementation, taken to be of 1000 runs.
 */
const runs = 1000;
const atB = range(10).map(String);

/** For each episode, whether `left` was taken. */
function play(run: number): boolean[] {
  const generator = createGenerator(`maximisation ${run}`);
  const learner = learnerOf(textbook({ bootstrap: 'q-learning', stepSize: 0.1 }), 0);
  const choice = { settings: { ...UNIFORM, epsilon: 0.1 }, generator };
  const atA = { row: 'A', actions: ['left', 'right'] };
  return range(300).map(() => {
    const action = act(learner, atA, epsilonGreedy, choice);
    if (action === 'right') {
      learner.observe({ row: 'A', action, reward: 0, next: undefined });
      return false;
    }
    learner.observe({ row: 'A', action, reward: 0, next: { row: 'B', actions: atB } });
    const second = act(learner, { row: 'B', actions: atB }, epsilonGreedy, choice);
    const reward = gaussian(generator) - 0.1;
    learner.observe({ row: 'B', action: second, reward, next: undefined });
    return true;
  });
}

describe('maximisation bias of Q-learning', () => {
  it('takes the wrong action in 94 % of runs near episode 25 and in 12 % at episode 300', () => {
    const played = range(runs).map(play);
    const around = (episode: number) =>
      played.map((taken) => taken.slice(episode - 2, episode + 3).filter(Boolean).length / 5);
    assertAgrees('episode 25', around(24), { expected: 0.94, rounding: 0.005, runs: 1000 });
    const last = played.map((taken) => taken.slice(-5).filter(Boolean).length / 5);
    assertAgrees('episode 300', last, { expected: 0.12, rounding: 0.005, runs: 1000 });
  });
});

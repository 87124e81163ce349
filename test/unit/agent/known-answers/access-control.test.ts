// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { epsilonGreedy } from '#agent/exploring/epsilon-greedy.ts';
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import type { TdLearner } from '#agent/learning/td.ts';
import { act, learnerOf, textbook, UNIFORM } from '../support/learning.ts';
import { assertAgrees, range, repeat, summarise } from '../support/statistics.ts';

/*
 * Access-control queue, Sutton & Barto 2018, example 10.2: 10 servers, customers of priority 1, 2,
 * 4, 8 with equal probability; a busy server becomes free with probability 0.06 in each step. The
 * average-reward form has to find what an accepted customer costs in customers refused later.
 */
const SERVERS = 10;
const PRIORITIES = [1, 2, 4, 8];
const FREED = 0.06;
const ACTIONS = ['reject', 'accept'];
const epsilon = 0.1;

/** Probability that `count` of `busy` servers become free in one step. */
function freed(busy: number, count: number): number {
  let ways = 1;
  for (let k = 0; k < count; k += 1) ways *= (busy - k) / (k + 1);
  return ways * FREED ** count * (1 - FREED) ** (busy - count);
}

/** Probability of accepting, given the values of rejecting and accepting. */
type Policy = (key: string, reject: number, accept: number) => number;

/** Random with probability `soft`, else what is better. */
const bestPolicy =
  (soft: number): Policy =>
  (_, reject, accept) =>
    accept > reject ? 1 - soft / 2 : soft / 2;

interface Exact {
  /** Reward per step. */
  readonly rate: number;
  readonly probability: ReadonlyMap<string, number>;
}

/** Average reward of a policy, by relative value iteration over the free servers. */
function exactly(policy: Policy): Exact {
  const probability = new Map<string, number>();
  const chances = range(SERVERS + 1).map((left) =>
    range(SERVERS - left + 1).map((count) => freed(SERVERS - left, count)),
  );
  let ahead = new Array<number>(SERVERS + 1).fill(0);
  let rate = 0;
  repeat(1000, () => {
    const after = chances.map((row, left) =>
      row.reduce((sum, chance, count) => sum + chance * ahead[left + count]!, 0),
    );
    const next = after.map((reject, free) => {
      const each = PRIORITIES.map((priority) => {
        const key = `${free} ${priority}`;
        const accept = free > 0 ? priority + after[free - 1]! : reject;
        const accepting = policy(key, reject, accept);
        probability.set(key, accepting);
        return (1 - accepting) * reject + accepting * accept;
      });
      return each.reduce((sum, value) => sum + value, 0) / each.length;
    });
    rate = next[0]!;
    ahead = next.map((value) => value - rate);
  });
  return { rate, probability };
}

function customer(generator: Generator): number {
  return PRIORITIES[Math.floor(generator.next() * PRIORITIES.length)]!;
}

const steps = 400_000;

interface Result {
  readonly learner: TdLearner<string>;
  /** Reward per step and mean R-bar over the last half of the steps. */
  readonly rate: number;
  readonly averageReward: number;
}

/** Differential Sarsa, alpha = beta = 0.01. */
function play(seed: string): Result {
  const generator = createGenerator(seed);
  const settings = textbook({ stepSize: 0.01, averageRewardStep: 0.01 });
  const learner = learnerOf(settings, 0);
  const choice = { settings: { ...UNIFORM, epsilon }, generator };
  const choose = (row: string) => act(learner, { row, actions: ACTIONS }, epsilonGreedy, choice);
  let free = SERVERS;
  let priority = customer(generator);
  let row = `${free} ${priority}`;
  let action = choose(row);
  let earned = 0;
  let averages = 0;
  for (let step = 0; step < steps; step += 1) {
    const accepted = action === 'accept' && free > 0;
    const reward = accepted ? priority : 0;
    if (accepted) free -= 1;
    for (let busy = SERVERS - free; busy > 0; busy -= 1) if (generator.next() < FREED) free += 1;
    priority = customer(generator);
    const next = `${free} ${priority}`;
    const following = choose(next);
    const arrival = { row: next, actions: ACTIONS, action: following };
    learner.observe({ row, action, reward, next: arrival });
    row = next;
    action = following;
    if (step < steps / 2) continue;
    earned += reward;
    averages += learner.averageReward;
  }
  return { learner, rate: earned / (steps / 2), averageReward: averages / (steps / 2) };
}

/** Exact rate of what was learned, with epsilon-greedy on top. */
function learnedRate(learner: TdLearner<string>): number {
  return exactly((key) => {
    const [reject = 0, accept = 0] = ACTIONS.map((action) => learner.values.estimate(key, action));
    return accept > reject ? 1 - epsilon / 2 : epsilon / 2;
  }).rate;
}

describe('access-control queue', () => {
  const results: Result[] = [];
  before(() => {
    results.push(...range(6).map((run) => play(`queue ${run}`)));
  });

  it('dynamic programming: 2.7476 at best, 2.6469 at best with epsilon 0.1', () => {
    const best = exactly(bestPolicy(0));
    assert.equal(best.rate.toFixed(4), '2.7476');
    assert.equal(exactly(bestPolicy(epsilon)).rate.toFixed(4), '2.6469');
    const accepted = [...best.probability].filter(([, probability]) => probability === 1);
    const keys = accepted.map(([key]) => key);
    assert.ok(keys.includes('1 4') && keys.includes('1 8'));
    assert.ok(keys.includes('4 2') && !keys.includes('3 2'));
    assert.ok(keys.every((key) => !key.endsWith(' 1')));
  });

  it('differential Sarsa learns a policy within 1 % of the best, and earns it', () => {
    const best = exactly(bestPolicy(epsilon)).rate;
    for (const { learner } of results) {
      const rate = learnedRate(learner);
      assert.ok(rate <= best + 1e-9 && rate > 0.99 * best, `${rate}`);
    }
    // Still learning in the counted half, so a little less. With 2,000,000 steps this code earns
    // 2.6396 +- 0.0007 in the last half; 2.643 is published for one run of that length.
    const { mean, standardError } = summarise(results.map(({ rate }) => rate));
    assert.ok(mean < best + 4 * standardError && mean > 0.98 * best, `${mean}`);
  });

  it('R-bar follows what is earned', () => {
    const averages = results.map(({ averageReward }) => averageReward);
    const earned = summarise(results.map(({ rate }) => rate)).mean;
    const published = { expected: earned, rounding: 0, runs: results.length };
    assertAgrees('mean R-bar', averages, published);
  });
});

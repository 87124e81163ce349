// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Bootstrap } from '#agent/terms/hyperparameters.ts';
import { lambdaReturns, TdLearner, type TdSettings, type Transition } from '#agent/learning/td.ts';
import { WorkingTable } from '#agent/learning/working-table.ts';
import { learnerOf, passage, STAY, textbook } from '../support/learning.ts';
import { range } from '../support/statistics.ts';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const number = fc.double({ min: -5, max: 5, noNaN: true });

/** Episodes of up to 12 steps over 5 states, with random values of the states. */
const episode = fc.record({
  states: fc.array(fc.nat(4), { minLength: 1, maxLength: 12 }),
  rewards: fc.array(number, { minLength: 12, maxLength: 12 }),
  values: fc.array(number, { minLength: 5, maxLength: 5 }),
  gamma: fraction,
  lambda: fraction,
  ended: fc.boolean(),
});

function predictionOf(states: readonly number[], rewards: readonly number[], ended: boolean) {
  return states.map((state, index) => {
    const next = states[index + 1] ?? (ended ? undefined : 0);
    return passage(String(state), rewards[index]!, next === undefined ? undefined : String(next));
  });
}

function tableOf(values: readonly number[]) {
  return Object.fromEntries(
    values.map((value, state) => [String(state), { [STAY]: { value, weight: 1 } }]),
  );
}

function workingTable(values: readonly number[] = []): WorkingTable {
  return new WorkingTable((own) => own?.value ?? 0, tableOf(values));
}

describe('forward view', () => {
  it('equals the offline backward view with accumulating traces, on random episodes', () => {
    fc.assert(
      fc.property(episode, ({ states, rewards, values, gamma, lambda, ended }) => {
        const steps = predictionOf(states, rewards, ended);
        const settings = textbook({ discount: gamma, traceDecay: lambda });
        const returns = lambdaReturns(steps, workingTable(values), settings, 0);

        const traces = values.map(() => 0);
        const backward = values.map(() => 0);
        for (const [index, state] of states.entries()) {
          const next = steps[index]!.next;
          const ahead = next === undefined ? 0 : gamma * values[Number(next.row)]!;
          const error = rewards[index]! + ahead - values[state]!;
          for (const each of range(5)) traces[each]! *= gamma * lambda;
          traces[state]! += 1;
          for (const each of range(5)) backward[each]! += error * traces[each]!;
        }
        const forward = values.map(() => 0);
        for (const [index, state] of states.entries()) {
          forward[state]! += returns[index]! - values[state]!;
        }
        for (const each of range(5)) {
          assert.ok(Math.abs(forward[each]! - backward[each]!) < 1e-9);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('learns the same table as the backward view where no state comes twice', () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 });
    fc.assert(
      fc.property(order, episode, fraction, (states, { rewards, values, gamma, lambda }, alpha) => {
        const steps = predictionOf(states, rewards, true);
        const settings = textbook({
          discount: gamma,
          traceDecay: lambda,
          horizon: Infinity,
          stepSize: alpha,
        });
        const learner = new TdLearner(workingTable(values), settings);
        for (const step of steps) learner.observe(step);
        let trace: number[] = values.map(() => 0);
        const expected = [...values];
        for (const [index, state] of states.entries()) {
          const next = states[index + 1];
          const ahead = next === undefined ? 0 : gamma * values[next]!;
          trace = trace.map((each, at) => gamma * lambda * each + (at === state ? 1 : 0));
          const error = rewards[index]! + ahead - values[state]!;
          for (const each of range(5)) expected[each]! += alpha * error * trace[each]!;
        }
        for (const each of range(5)) {
          assert.ok(Math.abs(learner.values.estimate(String(each), STAY) - expected[each]!) < 1e-9);
        }
      }),
    );
  });
});

describe('n-step TD', () => {
  it('equals the textbook procedure, step by step (Sutton & Barto 2018, 7.1)', () => {
    fc.assert(
      fc.property(episode, fc.integer({ min: 1, max: 6 }), fraction, (input, n, alpha) => {
        const { states, rewards, values, gamma } = input;
        const settings = textbook({ discount: gamma, horizon: n, stepSize: alpha });
        const learner = new TdLearner(workingTable(values), settings);
        for (const step of predictionOf(states, rewards, true)) learner.observe(step);

        const expected = [...values];
        const end = states.length;
        for (let time = 0; time < end + n - 1; time += 1) {
          const tau = time - n + 1;
          if (tau < 0 || tau >= end) continue;
          let target = 0;
          for (let i = tau + 1; i <= Math.min(tau + n, end); i += 1) {
            target += gamma ** (i - tau - 1) * rewards[i - 1]!;
          }
          if (tau + n < end) target += gamma ** n * expected[states[tau + n]!]!;
          expected[states[tau]!]! += alpha * (target - expected[states[tau]!]!);
        }
        for (const each of range(5)) {
          assert.ok(Math.abs(learner.values.estimate(String(each), STAY) - expected[each]!) < 1e-9);
        }
      }),
    );
  });

  it('keeps no more than the horizon and settles every step exactly once, in order', () => {
    fc.assert(
      fc.property(episode, fc.integer({ min: 1, max: 15 }), (input, horizon) => {
        const steps = predictionOf(input.states, input.rewards, input.ended);
        const learner = learnerOf(textbook({ horizon }), 0);
        const settled = steps.flatMap((step, index) => {
          const now = learner.observe(step);
          if (step.next !== undefined) assert.equal(now.length, index + 1 < horizon ? 0 : 1);
          return now;
        });
        settled.push(...learner.flush());
        assert.deepEqual(
          settled.map(({ transition }) => transition),
          steps,
        );
        assert.deepEqual(learner.flush(), []);
      }),
    );
  });
});

describe('lambda', () => {
  const steps = predictionOf([0, 1, 2], [1, 2, 4], true);

  it('1 is the sum of all rewards, whatever the values', () => {
    const returns = lambdaReturns(steps, workingTable([9, 9, 9]), textbook({ traceDecay: 1 }), 0);
    assert.deepEqual(returns, [7, 6, 4]);
  });

  it('0 is one reward and the value of the next state', () => {
    const settings = textbook({ traceDecay: 0, discount: 0.5 });
    assert.deepEqual(lambdaReturns(steps, workingTable([9, 10, 20]), settings, 0), [6, 12, 4]);
  });

  it('subtracts the average reward from every reward on the way', () => {
    assert.deepEqual(lambdaReturns(steps, workingTable(), textbook({}), 2), [1, 2, 2]);
  });
});

describe('average reward', () => {
  it('moves by beta times credit times the TD error', () => {
    const settings = textbook({ averageRewardStep: 0.5 });
    const learner = new TdLearner(workingTable([1, 3]), settings, 2);
    // G = 7 - 2 + 3 = 8, Q = 1, so R-bar = 2 + 0.5 * 7.
    learner.observe(passage('0', 7, '1'));
    assert.equal(learner.averageReward, 5.5);
    // G = 1.5 - 5.5 = -4, Q = 3, credit 0.5, so R-bar = 5.5 + 0.5 * 0.5 * -7.
    learner.observe({ ...passage('1', 1.5, undefined), credit: 0.5 });
    assert.equal(learner.averageReward, 3.75);
  });

  it('stays where it is in the discounted form', () => {
    const learner = new TdLearner(workingTable(), textbook({}), 0);
    learner.observe(passage('0', 7, '1'));
    assert.equal(learner.averageReward, 0);
  });
});

describe('bootstrap targets', () => {
  const table = { t: { a: { value: 1, weight: 1 }, b: { value: 3, weight: 1 } } };
  const returnOf = (settings: Partial<TdSettings>, taken: string, lambda = 0) => {
    const next = { row: 't', actions: ['a', 'b', 'c'], action: taken };
    const steps: Transition<string>[] = [
      { row: 's', action: 'a', reward: 10, next },
      { row: 't', action: taken, reward: 100, next: undefined },
    ];
    const values = new WorkingTable((own) => own?.value ?? -1, table);
    return lambdaReturns(steps, values, textbook({ traceDecay: lambda, ...settings }), 0)[0]!;
  };

  it('sarsa reads the action taken, the initial value where it was never tried', () => {
    assert.equal(returnOf({ bootstrap: 'sarsa' }, 'a'), 11);
    assert.equal(returnOf({ bootstrap: 'sarsa' }, 'c'), 9);
  });

  it('expected-sarsa reads the mean of an epsilon-greedy policy', () => {
    const expected = 10 + 0.7 * 3 + 0.3 * ((1 + 3 - 1) / 3);
    assert.ok(
      Math.abs(returnOf({ bootstrap: 'expected-sarsa', epsilon: 0.3 }, 'a') - expected) < 1e-12,
    );
  });

  it('q-learning reads the greatest, and cuts the return after an action that was not', () => {
    assert.equal(returnOf({ bootstrap: 'q-learning' }, 'a'), 13);
    assert.equal(returnOf({ bootstrap: 'q-learning' }, 'b', 0.5), 10 + 1.5 + 50);
    assert.equal(returnOf({ bootstrap: 'q-learning' }, 'a', 0.5), 13);
  });

  it('tells what is missing', () => {
    const values = workingTable();
    const step = { row: 's', action: 'a', reward: 1, next: { row: 't', actions: [] } };
    for (const bootstrap of ['sarsa', 'expected-sarsa', 'q-learning'] satisfies Bootstrap[]) {
      assert.throws(() => lambdaReturns([step], values, textbook({ bootstrap }), 0), RangeError);
    }
  });
});

describe('a reward that was not measured', () => {
  const censor = (steps: Transition<string>[], at: number) =>
    steps.map((step, index) => (index === at ? { ...step, reward: undefined } : step));

  it('updates nothing, and the step before stops at the value of its state', () => {
    const steps = censor(predictionOf([0, 1, 2], [1, 2, 4], true), 1);
    const settings = textbook({ horizon: Infinity, stepSize: 1 });
    const learner = new TdLearner(workingTable([5, 7, 9]), settings);
    const settled = steps.flatMap((step) => learner.observe(step));
    assert.deepEqual(
      settled.map((each) => each.return),
      [8, undefined, 4],
    );
    assert.equal(settled[1]!.update, undefined);
    assert.deepEqual(
      range(3).map((state) => learner.values.estimate(String(state), STAY)),
      [8, 7, 4],
    );
  });

  it('is not a reward of 0, and never moves the average reward', () => {
    fc.assert(
      fc.property(episode, fc.nat(11), ({ states, rewards, values, ended }, at) => {
        const settings = textbook({ horizon: Infinity, averageRewardStep: 0.1 });
        const learner = new TdLearner(workingTable(values), settings, 1);
        const only = [predictionOf(states, rewards, ended)[at % states.length]!];
        for (const step of censor(only, 0)) learner.observe(step);
        learner.flush();
        assert.equal(learner.averageReward, 1);
        for (const state of range(5)) {
          assert.equal(learner.values.estimate(String(state), STAY), values[state]);
        }
      }),
    );
  });

  it('refuses a reward that is not finite', () => {
    for (const reward of [NaN, Infinity, -Infinity]) {
      const learner = learnerOf(textbook({}), 0);
      assert.throws(() => learner.observe(passage('0', reward, undefined)), RangeError);
    }
  });
});

describe('credit', () => {
  it('gives the credit-weighted mean of the returns with 1/N steps', () => {
    const sample = fc.tuple(number, fc.double({ min: 0.01, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 30 }), (samples) => {
        const learner = learnerOf(textbook({ stepRule: 'mean', stepFloor: 0 }), 99);
        for (const [reward, credit] of samples) {
          learner.observe({ row: 's', action: 'a', reward, credit, next: undefined });
        }
        const total = samples.reduce((sum, [, credit]) => sum + credit, 0);
        const mean = samples.reduce((sum, [reward, credit]) => sum + reward * credit, 0) / total;
        const cell = learner.values.cell('s', 'a')!;
        assert.ok(Math.abs(cell.value - mean) < 1e-9);
        assert.ok(Math.abs(cell.weight - total) < 1e-9);
      }),
    );
  });

  it('0 updates nothing; a negative or missing number is refused', () => {
    const learner = learnerOf(textbook({}), 0);
    const step = { row: 's', action: 'a', reward: 1, next: undefined };
    const [settled] = learner.observe({ ...step, credit: 0 });
    assert.equal(settled!.return, 1);
    assert.equal(settled!.update, undefined);
    assert.equal(learner.values.cell('s', 'a'), undefined);
    assert.throws(() => learner.observe({ ...step, credit: -1 }), RangeError);
    assert.throws(() => learnerOf(textbook({ horizon: 0 }), 0), RangeError);
  });
});

describe('working table', () => {
  it('leaves the table it came from as it was, and gives back what it got', () => {
    const table = { s: { constructor: { value: 1, weight: 1 } } };
    const before = structuredClone(table);
    const working = new WorkingTable((own) => own?.value ?? 0, table);
    assert.deepEqual(working.toTable(), table);
    assert.equal(working.cell('s', 'toString'), undefined);
    working.write('s', 'constructor', { value: 2, weight: 2 });
    working.write('__proto__', 'a', { value: 3, weight: 3 });
    assert.deepEqual(table, before);
    const after = working.toTable();
    assert.deepEqual(Object.keys(after), ['s', '__proto__']);
    assert.equal(after['s']!['constructor']!.value, 2);
  });
});

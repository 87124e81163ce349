// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdoutRests } from '#reward/rest.ts';
import { addSavingsSample, type SavingsSums } from '#reward/savings.ts';
import { play, type Seen, type Truth } from './savings-truth.ts';

const RUNS = 200;
const FULL = 0.05;
const RESTING = 0.005;

/** The share in force for a workload alone in its namespace. */
function share(_: number, sums: SavingsSums | undefined): number {
  return holdoutRests(new Map([['one', sums]])).has('one') ? RESTING : FULL;
}

const WAVE: Pick<Truth, 'cost' | 'mean'> = {
  cost: ({ skewed }, decision) => (1 + 0.4 * Math.sin(decision / 40)) * (0.7 + 0.3 * skewed()),
  mean: (decision) => 1 + 0.4 * Math.sin(decision / 40),
};

/** Sums of a workload with so many Pods in each arm, a fifth of whose energy is saved. */
function measured(placed: number, holdouts: number, saved = 0.2): SavingsSums {
  let sums: SavingsSums | undefined;
  for (let pod = 0; pod < placed + holdouts; pod += 1) {
    const holdout = pod < holdouts;
    const noise = pod % 2 === 0 ? 0.02 : -0.02;
    sums = addSavingsSample(sums, {
      holdout,
      holdoutRatio: FULL,
      requests: 100,
      joulesPerRequest: { value: (holdout ? 1 : 1 - saved) + noise, expected: 1 },
      p99Milliseconds: { value: 20, expected: 20 },
    });
  }
  assert.ok(sums);
  return sums;
}

/** Share of the runs that were at rest, between two decisions. */
function atRest(runs: readonly Seen[], from: number, to: number): number {
  const ratios = runs.flatMap((one) => one.ratios.slice(from, to));
  return ratios.filter((ratio) => ratio === RESTING).length / ratios.length;
}

describe('a holdout that rests while the saving is known', () => {
  const cases: readonly (Truth & { readonly check: (runs: readonly Seen[]) => void })[] = [
    {
      ...{ name: 'nothing is saved: it hardly ever rests', holdoutRatio: share, decisions: 1500 },
      cost: ({ skewed }) => skewed(),
      factor: () => 1,
      check: (runs) => assert.ok(atRest(runs, 0, 1500) < 0.02),
    },
    {
      ...{ name: 'a quarter is saved: it rests most of the time', holdoutRatio: share },
      ...{ ...WAVE, decisions: 4000, factor: () => 0.75 },
      check: (runs) => {
        assert.equal(atRest(runs, 0, 200), 0, 'before anything can be known');
        assert.ok(atRest(runs, 3000, 4000) > 0.6);
      },
    },
    {
      ...{ name: 'half is saved, and then nothing: it wakes up again', holdoutRatio: share },
      ...{ ...WAVE, decisions: 6000, factor: (decision) => (decision < 1000 ? 0.5 : 1) },
      check: (runs) => {
        assert.ok(atRest(runs, 800, 1000) > 0.7);
        assert.ok(atRest(runs, 2000, 6000) < 0.1);
      },
    },
  ];
  for (const truth of cases) {
    it(`${truth.name}; the interval holds in ${RUNS} runs looked at all the time`, () => {
      const runs = Array.from({ length: RUNS }, (_, seed) => play(truth, seed));
      const missed = runs.filter((one) => one.missed).length;
      assert.ok(missed / RUNS <= 0.05, `${missed} of ${RUNS} missed the truth`);
      truth.check(runs);
    });
  }
});

describe('which workloads rest', () => {
  const one = measured(400, 20);

  it('those that are in the figure, when all of them together have one', () => {
    const rests = holdoutRests(
      new Map([
        ['a', one],
        ['b', measured(400, 20)],
      ]),
    );
    assert.deepEqual([...rests], ['a', 'b']);
  });

  it('not one with fewer than two Pods in an arm, nor one that nothing is known of', () => {
    const list = new Map([
      ['a', one],
      ['few', measured(400, 1)],
      ['none', undefined],
    ]);
    assert.deepEqual([...holdoutRests(list)], ['a']);
  });

  it('also where it is known that energy is lost', () => {
    assert.deepEqual([...holdoutRests(new Map([['a', measured(400, 20, -0.2)]]))], ['a']);
  });

  it('none before enough Pods were held out, or where the interval holds 0', () => {
    assert.equal(holdoutRests(new Map([['a', measured(400, 19)]])).size, 0);
    assert.equal(holdoutRests(new Map([['a', measured(400, 20, 0.001)]])).size, 0);
    assert.equal(holdoutRests(new Map()).size, 0);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  addSavingsSample,
  gramsOf,
  LEAST_HOLDOUTS,
  moneyOf,
  NO_SAVINGS,
  savingsOf,
  savingsOfAll,
  type SavingsSums,
} from '#reward/savings.ts';
import { drawsOf, play, type Truth } from './savings-truth.ts';

const RUNS = 500;

/** A slow wave of the load, which the baseline does not know of. */
const wave = (decision: number): number => 1 + 0.4 * Math.sin(decision / 40);

const TRUTHS: readonly Truth[] = [
  {
    name: 'normal costs, nothing saved',
    holdoutRatio: () => 0.05,
    decisions: 1500,
    cost: ({ normal }) => 1 + 0.2 * normal(),
    factor: () => 1,
  },
  {
    name: 'skewed costs, nothing saved',
    holdoutRatio: () => 0.05,
    decisions: 1500,
    cost: ({ skewed }) => skewed(),
    factor: () => 1,
  },
  {
    name: 'skewed costs and a changing load, a fifth saved',
    holdoutRatio: () => 0.1,
    decisions: 1000,
    cost: ({ skewed }, decision) => wave(decision) * (0.5 + 0.5 * skewed()),
    factor: () => 0.8,
    mean: wave,
  },
  {
    name: 'a holdout share that is raised while the costs fall',
    holdoutRatio: (decision) => (decision < 500 ? 0.05 : 0.3),
    decisions: 1000,
    cost: ({ normal }, decision) => (decision < 500 ? 2 : 1) * (1 + 0.1 * normal()),
    factor: () => 0.9,
    mean: (decision) => (decision < 500 ? 2 : 1),
  },
];

describe('savings on simulated data with a known truth', () => {
  for (const truth of TRUTHS) {
    it(`${truth.name}: ${RUNS} runs, looked at after every decision`, () => {
      let missed = 0;
      let claimed = 0;
      for (let seed = 0; seed < RUNS; seed += 1) {
        const result = play(truth, seed);
        if (result.missed) missed += 1;
        if (result.claimed) claimed += 1;
      }
      const coverage = 1 - missed / RUNS;
      assert.ok(coverage >= 0.93, `coverage ${coverage}`);
      if (truth.factor(1) === 1) assert.ok(claimed / RUNS <= 0.05, `${claimed} false savings`);
    });
  }

  it('a saving of a fifth is found in most runs', () => {
    const [, , saving] = TRUTHS;
    assert.ok(saving);
    const long = { ...saving, decisions: 3000 };
    let claimed = 0;
    for (let seed = 0; seed < 40; seed += 1) if (play(long, seed).claimed) claimed += 1;
    assert.ok(claimed > 36, `${claimed} of 40`);
  });
});

/** Sums of a workload with these savings, without noise. */
function exactly(joules: number, saved: number, requests: number, holdouts = LEAST_HOLDOUTS) {
  let sums: SavingsSums | undefined;
  for (let n = 0; n < 10 * holdouts; n += 1) {
    const holdout = n % 10 === 0;
    const value = holdout ? joules : joules - saved;
    sums = addSavingsSample(sums, {
      holdout,
      holdoutRatio: 0.1,
      requests,
      joulesPerRequest: { value, expected: joules },
      p99Milliseconds: { value: holdout ? 20 : 22, expected: 20 },
    });
  }
  assert.ok(sums);
  return sums;
}

describe('the figures', () => {
  it('without noise are the truth, in joules, as a share, in grams and in money', () => {
    const found = savingsOf(exactly(2, 0.5, 100));
    assert.ok(found.kind === 'estimated');
    assert.equal(found.baselineJoulesPerRequest.toFixed(9), '2.000000000');
    assert.equal(found.savedJoulesPerRequest.mean.toFixed(9), '0.500000000');
    assert.equal(found.savedRatio.mean.toFixed(9), '0.250000000');
    assert.equal(found.requests, 18_000);
    assert.equal(found.savedJoules.mean.toFixed(6), '9000.000000');
    assert.equal(found.p99DifferenceMilliseconds?.mean.toFixed(9), '2.000000000');
    assert.equal(gramsOf(found.savedJoules, 400).mean.toFixed(9), '1.000000000');
    assert.equal(moneyOf(found.savedJoules, 0.3).mean.toFixed(9), '0.000750000');
  });

  it('add up over the workloads of a namespace, by their requests', () => {
    const found = savingsOfAll([exactly(2, 0.5, 100), exactly(10, -1, 50)]);
    assert.ok(found.kind === 'estimated');
    assert.equal(found.savedJoules.mean.toFixed(6), '0.000000');
    assert.equal(found.holdouts, 2 * LEAST_HOLDOUTS);
  });

  it('of latency are those of the workloads that have one, not thinned out by those that do not', () => {
    const quick = exactly(2, 0.5, 100);
    const silent = { ...exactly(2, 0.5, 300), p99Milliseconds: NO_SAVINGS.p99Milliseconds };
    const alone = savingsOf(quick);
    const both = savingsOfAll([quick, silent]);
    assert.ok(alone.kind === 'estimated' && both.kind === 'estimated');
    assert.notEqual(alone.p99DifferenceMilliseconds?.mean, 0);
    assert.deepEqual(both.p99DifferenceMilliseconds, alone.p99DifferenceMilliseconds);
  });

  it('are not given before enough was held out, which is not a saving of 0', () => {
    const found = savingsOf(exactly(2, 0.5, 100, LEAST_HOLDOUTS - 1));
    assert.deepEqual(found, {
      kind: 'insufficient',
      decisions: 10 * (LEAST_HOLDOUTS - 1),
      holdouts: LEAST_HOLDOUTS - 1,
      needed: LEAST_HOLDOUTS,
    });
    assert.equal(savingsOfAll([]).kind, 'insufficient');
  });

  it('leave out what is not known, and refuse an arm that nobody drew', () => {
    const sample = {
      holdout: false,
      holdoutRatio: 0.1,
      requests: 100,
      joulesPerRequest: { value: undefined, expected: 1 },
      p99Milliseconds: { value: Number.NaN, expected: 20 },
    };
    const sums = addSavingsSample(undefined, sample);
    assert.equal(sums.joulesPerRequest.placed.count, 0);
    assert.equal(sums.p99Milliseconds.placed.count, 0);
    assert.equal(sums.requests, 0, 'requests without joules saved nothing that is known');
    for (const holdoutRatio of [0, 1, Number.NaN]) {
      assert.throws(() => addSavingsSample(undefined, { ...sample, holdoutRatio }), RangeError);
    }
  });

  it('do not depend on where costs are counted from', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 50, noNaN: true }), fc.nat(1000), (expected, seed) => {
        const of = (centre: number) => {
          const draws = drawsOf(`${seed}`);
          let sums: SavingsSums | undefined;
          for (let n = 0; n < 300; n += 1) {
            const value = 1 + draws.next();
            const cost = { value, expected: centre };
            sums = addSavingsSample(sums, {
              holdout: n % 10 === 0,
              holdoutRatio: 0.1,
              requests: 10,
              joulesPerRequest: cost,
              p99Milliseconds: cost,
            });
          }
          assert.ok(sums);
          const found = savingsOf(sums);
          assert.ok(found.kind === 'estimated');
          return found.savedJoulesPerRequest;
        };
        assert.ok(Math.abs(of(expected).mean - of(1).mean) < 1e-9);
        assert.ok(Math.abs(of(expected).low - of(1).low) < 1e-6);
      }),
      { numRuns: 50 },
    );
  });
});

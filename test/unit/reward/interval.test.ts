// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import { type Baseline, updateBaseline } from '#reward/baseline.ts';
import { baselineInterval, studentQuantile } from '#reward/interval.ts';

/** Standard normal (Box and Muller). */
function normal(random: Generator): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

const RUNS = 4000;

/** Share of runs whose interval holds the true mean. */
function coverage(samples: number, draw: (random: Generator) => number, truth: number): number {
  let held = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const random = createGenerator(`coverage ${samples} ${run}`);
    let baseline: Baseline | undefined;
    for (let i = 0; i < samples; i += 1) baseline = updateBaseline(baseline, draw(random));
    const interval = baselineInterval(baseline!);
    assert.ok(interval);
    if (interval.low <= truth && truth <= interval.high) held += 1;
  }
  return held / RUNS;
}

describe('the 95 % interval of a baseline holds the true mean', () => {
  const laws = [
    ['normal', (random: Generator) => 10 + 2 * normal(random), 10, [3, 5, 20, 100, 400]],
    ['uniform', (random: Generator) => random.next(), 0.5, [5, 20, 100, 400]],
    // Joules per request: a lognormal of 20 % spread.
    [
      'lognormal',
      (random: Generator) => Math.exp(0.2 * normal(random)),
      Math.exp(0.02),
      [5, 20, 100, 400],
    ],
  ] as const;
  for (const [name, draw, truth, sizes] of laws) {
    for (const size of sizes) {
      test(`${name}, ${size} samples: in 92 to 98 % of ${RUNS} runs`, (t) => {
        const share = coverage(size, draw, truth);
        t.diagnostic(`${(share * 100).toFixed(1)} %`);
        assert.ok(share >= 0.92 && share <= 0.98, `${(share * 100).toFixed(1)} %`);
      });
    }
  }
});

test('quantiles of Student are those of the tables', () => {
  for (const [freedom, quantile] of [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ] as const) {
    const error = Math.abs(studentQuantile(freedom) - quantile) / quantile;
    assert.ok(error < 0.005, `${freedom}: ${studentQuantile(freedom)}`);
  }
});

test('one sample tells no interval; without decay it is the textbook one', () => {
  assert.equal(baselineInterval(updateBaseline(undefined, 5)), undefined);
  let baseline: Baseline | undefined;
  for (const value of [1, 2, 3, 4, 5]) baseline = updateBaseline(baseline, value, 1);
  const interval = baselineInterval(baseline!, 1)!;
  assert.equal(interval.effectiveSamples, 5);
  const half = 2.776 * Math.sqrt(2.5 / 5);
  assert.ok(Math.abs(interval.high - (3 + half)) < 0.01, String(interval.high));
});

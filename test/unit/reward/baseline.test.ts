// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Baseline,
  baselineMean,
  EMPTY_BASELINE,
  updateBaseline,
  updateBaselines,
} from '#reward/baseline.ts';
import fc from 'fast-check';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });

function close(actual: number, expected: number, scale: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, scale), `${actual} != ${expected}`);
}

test('the running baseline equals the weighted mean and variance computed at once', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0.5, max: 1, noNaN: true }), (list, decay) => {
      let baseline: Baseline | undefined;
      for (const value of list) baseline = updateBaseline(baseline, value, decay);
      const weights = list.map((_, index) => decay ** (list.length - 1 - index));
      const weight = weights.reduce((sum, one) => sum + one, 0);
      const mean = list.reduce((sum, value, i) => sum + value * weights[i]!, 0) / weight;
      const variance =
        list.reduce((sum, value, i) => sum + weights[i]! * (value - mean) ** 2, 0) / weight;
      close(baseline!.weight, weight, weight);
      close(baseline!.mean, mean, 1e6);
      close(baseline!.variance, variance, 1e12);
    }),
  );
});

test('a value that is not known leaves the baseline as it was', () => {
  const baseline = updateBaseline(undefined, 7);
  for (const value of [undefined, Number.NaN, Infinity, -Infinity]) {
    assert.deepEqual(updateBaseline(baseline, value), baseline);
  }
  assert.deepEqual(updateBaseline(undefined, undefined), EMPTY_BASELINE);
});

test('with decay a baseline follows a change', () => {
  let baseline: Baseline | undefined;
  for (let i = 0; i < 200; i += 1) baseline = updateBaseline(baseline, 10);
  for (let i = 0; i < 200; i += 1) baseline = updateBaseline(baseline, 20);
  assert.ok(baseline!.mean > 19.8 && baseline!.mean <= 20);
  assert.ok(baseline!.weight < 50);
});

test('several costs are counted by name, the known ones only', () => {
  const first = updateBaselines(undefined, { joulesPerRequest: 2, p99Milliseconds: undefined });
  assert.deepEqual(Object.keys(first), ['joulesPerRequest']);
  const second = updateBaselines(first, { joulesPerRequest: 4, p99Milliseconds: 10 }, 1);
  assert.equal(second['joulesPerRequest']?.mean, 3);
  assert.equal(second['p99Milliseconds']?.mean, 10);
  assert.equal(first['joulesPerRequest']?.mean, 2);
});

test('a baseline tells its mean only once it has counted enough', () => {
  const baselines = updateBaselines(undefined, { p99Milliseconds: 10 });
  assert.equal(baselineMean(baselines, 'p99Milliseconds', 1), 10);
  assert.equal(baselineMean(baselines, 'p99Milliseconds', 2), undefined);
  assert.equal(baselineMean(baselines, 'errorRatio', 0), undefined);
  assert.equal(baselineMean(undefined, 'errorRatio', 0), undefined);
});

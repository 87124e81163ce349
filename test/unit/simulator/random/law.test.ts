// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONSTANT, EXPONENTIAL, lognormalTable, sample, type Law } from '#simulator/random/law.ts';
import { Random } from '#simulator/random/random.ts';

function moments(law: Law): { mean: number; cv2: number } {
  const random = new Random(2);
  const values = Array.from({ length: 200_000 }, () => sample(law, 3, random));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, cv2: variance / mean ** 2 };
}

test('every law keeps the mean and has its own spread', () => {
  assert.deepEqual(moments(CONSTANT), { mean: 3, cv2: 0 });
  const exponential = moments(EXPONENTIAL);
  assert.ok(Math.abs(exponential.mean - 3) < 0.03);
  assert.ok(Math.abs(exponential.cv2 - 1) < 0.03);
  // Mixture of means 0.3 and 5.7 in equal parts: cv2 = (0.3^2 + 5.7^2) / 9 - 1 = 2.62.
  const bimodal = moments({ kind: 'bimodal', fastShare: 0.5, fastFactor: 0.1 });
  assert.ok(Math.abs(bimodal.mean - 3) < 0.04, String(bimodal.mean));
  assert.ok(Math.abs(bimodal.cv2 - 2.62) < 0.1, String(bimodal.cv2));
});

test('the lognormal table has the asked median and 99th percentile', () => {
  const table = lognormalTable({ medianSeconds: 0.5e-3, p99Seconds: 1.9e-3 });
  const sorted = [...table].sort((a, b) => a - b);
  assert.deepEqual([...table], sorted);
  const at = (share: number): number => sorted[Math.round(share * sorted.length)]!;
  assert.ok(Math.abs(at(0.5) / 0.5e-3 - 1) < 0.01);
  assert.ok(Math.abs(at(0.99) / 1.9e-3 - 1) < 0.03);
});

test('no delay is a table of zeros', () => {
  assert.ok(lognormalTable({ medianSeconds: 0, p99Seconds: 0 }).every((value) => value === 0));
});

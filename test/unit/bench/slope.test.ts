// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from '#agent/random.ts';
import { floorsOf, slopeOf, type Point } from '../../../bench/soak/slope.ts';

const line = (slope: number, noise: (index: number) => number): Point[] =>
  Array.from({ length: 50 }, (_, index) => ({
    x: index / 50,
    y: 7 + (slope * index) / 50 + noise(index),
  }));

test('a straight line has its slope, without doubt', () => {
  const slope = slopeOf(
    line(3, () => 0),
    'u',
  );
  assert.ok(slope !== undefined);
  for (const value of [slope.mean, slope.low, slope.high]) assert.ok(Math.abs(value - 3) < 1e-9);
  assert.equal(slope.n, 50);
});

test('the interval holds the true slope about 95 times in 100', () => {
  const generator = createGenerator('slope');
  let held = 0;
  for (let run = 0; run < 1000; run += 1) {
    const noise = (): number =>
      Array.from({ length: 12 }, () => generator.next()).reduce((sum, one) => sum + one, -6);
    const slope = slopeOf(line(0.5, noise).slice(0, 12), 'u');
    if (slope !== undefined && slope.low <= 0.5 && 0.5 <= slope.high) held += 1;
  }
  assert.ok(held > 930 && held < 970, `${held} of 1000`);
});

test('too few points, or points above each other, have no slope', () => {
  assert.equal(slopeOf(line(1, () => 0).slice(0, 4), 'u'), undefined);
  assert.equal(
    slopeOf(
      Array.from({ length: 9 }, (_, y) => ({ x: 1, y })),
      'u',
    ),
    undefined,
  );
});

test('the floors of a saw do not rise with its teeth', () => {
  const saw = line(0, (index) => (index % 5) * 10);
  const floors = floorsOf(saw, 10);
  assert.equal(floors.length, 10);
  assert.deepEqual(new Set(floors.map(({ y }) => y)), new Set([7]));
});

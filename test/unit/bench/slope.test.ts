// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
import { confirmedBy, courseOf } from '../../../bench/soak/course.ts';
import { floorsOf, meansOf, slopeOf, type Point } from '../../../bench/soak/slope.ts';

const line = (slope: number, noise: (index: number) => number, count = 50): Point[] =>
  Array.from({ length: count }, (_, index) => ({
    x: index / count,
    y: 7 + (slope * index) / count + noise(index),
  }));

/** Noise with standard deviation 1 before each value takes `memory` of the one before. */
function noiseOf(seed: string, memory: number): () => number {
  const generator = createGenerator(seed);
  let last = 0;
  return () => {
    const fresh = Array.from({ length: 12 }, () => generator.next()).reduce((a, b) => a + b, -6);
    last = memory * last + fresh;
    return last;
  };
}

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
  const noise = noiseOf('slope', 0);
  let held = 0;
  for (let run = 0; run < 1000; run += 1) {
    const slope = slopeOf(line(0.5, noise, 20), 'u');
    if (slope !== undefined && slope.low <= 0.5 && 0.5 <= slope.high) held += 1;
  }
  assert.ok(held > 930, `${held} of 1000`);
});

test('where looks remember the one before, means of groups still hold it', () => {
  const noise = noiseOf('memory', 0.9);
  let held = 0;
  for (let run = 0; run < 500; run += 1) {
    const points = line(0.5, noise, 300);
    const slope = slopeOf(meansOf(points, 20), 'u');
    if (slope !== undefined && slope.low <= 0.5 && 0.5 <= slope.high) held += 1;
  }
  assert.ok(held > 450, `${held} of 500`);
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

test('a course is flat, rising or open; what comes before it counts does not', () => {
  const judgement = { unit: 'u', from: 0.3, notableRatio: 0.1, floors: false };
  const verdict = (points: readonly Point[]): string => courseOf(points, judgement).verdict;
  const small = noiseOf('small', 0.5);
  const settling = (index: number): number => (index < 90 ? index / 30 - 3 : 0);
  assert.equal(verdict(line(0, (index) => settling(index) + 0.05 * small(), 300)), 'flat');
  assert.equal(verdict(line(5, () => 0.05 * small(), 300)), 'rising');
  const loud = noiseOf('loud', 0.5);
  assert.equal(verdict(line(0.5, () => 9 * loud(), 300)), 'open');
  assert.equal(verdict(line(0, () => 0, 6)), 'open');
});

test('noise that rises beyond doubt by chance does not do so again, and a leak does', () => {
  // A short soak: ten looks count, and each of its stretches has twenty.
  const judgement = { unit: 'u', from: 0.01, notableRatio: 0.3, floors: false };
  const noise = noiseOf('chance', 0);
  const looks = (from: number, to: number, leak: number): Point[] =>
    Array.from({ length: to - from }, (_, index) => ({
      x: (from + index + 1) / 500,
      y: 1 + (leak * (from + index - 5)) / 9 + 0.4 * noise(),
    }));
  /** How often the first looks rise, and how often two more stretches confirm it. */
  const rises = (leak: number, runs: number): { once: number; confirmed: number } => {
    const found = { once: 0, confirmed: 0 };
    for (let run = 0; run < runs; run += 1) {
      const first = looks(0, 15, leak);
      if (courseOf(first, judgement).verdict !== 'rising') continue;
      found.once += 1;
      const all = [looks(15, 35, leak), looks(35, 55, leak)];
      if (all.every((later) => confirmedBy(later, judgement, first))) found.confirmed += 1;
    }
    return found;
  };
  const still = rises(0, 20_000);
  assert.ok(still.once > 20, `${still.once} of 20,000 rise once`);
  assert.equal(still.confirmed, 0);
  const leaking = rises(1.5, 400);
  assert.ok(leaking.once > 200, `${leaking.once} of 400 rise once`);
  assert.ok(leaking.confirmed > 0.98 * leaking.once, `${leaking.confirmed} of ${leaking.once}`);
  const first = looks(0, 15, 9);
  assert.equal(courseOf(first, judgement).verdict, 'rising');
  assert.ok(confirmedBy([], judgement, first), 'no look says nothing against it');
});

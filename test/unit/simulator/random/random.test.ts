// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#simulator/random/random.ts';

function draws(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

test('the same seed and stream give the same sequence, others do not', () => {
  assert.deepEqual(draws(new Random(7, 'a'), 50), draws(new Random(7, 'a'), 50));
  assert.notDeepEqual(draws(new Random(7, 'a'), 50), draws(new Random(7, 'b'), 50));
  assert.notDeepEqual(draws(new Random(7, 'a'), 50), draws(new Random(8, 'a'), 50));
  assert.notDeepEqual(draws(new Random(7), 50), draws(new Random(7 + 2 ** 32), 50));
});

test('draws are uniform in [0, 1)', () => {
  const counts = new Array<number>(10).fill(0);
  const random = new Random(3);
  for (const draw of draws(random, 100_000)) {
    assert.ok(draw >= 0 && draw < 1);
    counts[Math.floor(draw * 10)]!++;
  }
  // Standard deviation of a cell is 95.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, String(counts));
});

test('exponential draws have the asked mean and the spread of the law', () => {
  const random = new Random(11);
  const values = Array.from({ length: 100_000 }, () => random.exponential(2));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean - 2) < 0.03, String(mean));
  assert.ok(Math.abs(variance - 4) < 0.2, String(variance));
});

test('shuffle keeps the items and reaches every order', () => {
  const random = new Random(5);
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const order = random.shuffle(['a', 'b', 'c']);
    assert.deepEqual([...order].sort(), ['a', 'b', 'c']);
    seen.add(order.join(''));
  }
  assert.equal(seen.size, 6);
});

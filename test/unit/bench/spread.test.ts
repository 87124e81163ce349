// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
import { figureOf } from '#cli/runs/figure.ts';
import { spreadOf } from '../../../bench/scale/spread.ts';

describe('spread of several means', () => {
  it('is the ratio of the greatest to the least, with no interval where nothing scatters', () => {
    const { mean, low, high } = figureOf(
      spreadOf([repeat(100), repeat(130), repeat(120)]),
      'ratio',
    );
    assert.deepEqual([mean, low, high].map(rounded), [1.3, 1.3, 1.3]);
  });

  it('finds little where noise alone makes the difference of each round', () => {
    const generator = createGenerator('spread');
    const noisy = (): number[] =>
      Array.from({ length: 60 }, () => 200 * (1 + 0.4 * (generator.next() - 0.5)));
    const lists = [noisy(), noisy(), noisy(), noisy()];
    const byRound = lists[0]?.map((_, round) => {
      const values = lists.map((list) => list[round] ?? Number.NaN);
      return Math.max(...values) / Math.min(...values);
    });
    assert.ok(figureOf(byRound ?? [], 'ratio').mean > 1.2);
    const { mean, low, high } = figureOf(spreadOf(lists), 'ratio');
    assert.ok(mean < 1.08, `found ${mean}`);
    assert.ok(low < mean && mean < high);
  });

  it('keeps a difference that is there', () => {
    const generator = createGenerator('difference');
    const noisy = (level: number): number[] =>
      Array.from({ length: 60 }, () => level * (1 + 0.4 * (generator.next() - 0.5)));
    const { low, high } = figureOf(spreadOf([noisy(100), noisy(120), noisy(150)]), 'ratio');
    assert.ok(low < 1.5 && high > 1.5, `found ${low} to ${high}`);
  });

  it('refuses what has no spread', () => {
    for (const lists of [
      [],
      [[1], [2]],
      [[1, 2], [1]],
      [
        [1, 0],
        [1, 1],
      ],
      [
        [1, Number.NaN],
        [1, 1],
      ],
    ]) {
      assert.throws(() => spreadOf(lists), RangeError);
    }
  });
});

function repeat(value: number): number[] {
  return Array.from({ length: 8 }, () => value);
}

function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

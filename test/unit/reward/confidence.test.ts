// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { around, scaled, sequenceHalfWidth } from '#reward/confidence.ts';

test('half the width by hand: 100 values of variance 1', () => {
  // r = 100 / 8.21 = 12.18; sqrt(0.01 * 112.18/100 * ln(112.18 / (12.18 * 0.0025))).
  const byHand = Math.sqrt(0.01 * 1.1218 * Math.log(112.18 / (12.18 * 0.0025)));
  assert.ok(Math.abs(sequenceHalfWidth(100, 1 / 100) - byHand) < 1e-4);
});

test('it is wider than an interval for one look, and narrows as values come in', () => {
  let before = Infinity;
  for (let count = 1; count < 1e6; count *= 2) {
    const width = sequenceHalfWidth(count, 1 / count);
    assert.ok(width > 1.96 / Math.sqrt(count));
    assert.ok(width < before);
    before = width;
  }
});

test('a smaller chance of error costs width', () => {
  assert.ok(sequenceHalfWidth(100, 0.01, 0.01) > sequenceHalfWidth(100, 0.01, 0.05));
});

test('scaling keeps the ends in order', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: -10, max: 10, noNaN: true }),
      (mean, half, factor) => {
        const { low, high, mean: middle } = scaled(around(mean, half), factor);
        assert.ok(low <= high);
        assert.ok(low <= middle + 1e-6 && middle <= high + 1e-6);
      },
    ),
  );
});

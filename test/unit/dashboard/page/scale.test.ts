// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { largest, sureness, toneOf } from '../../../../src/dashboard/page/heat.ts';
import { bandPath, extent, linear, linePath, ticks } from '../../../../src/dashboard/page/scale.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });

describe('scales', () => {
  it('keep ends at ends, and one value in the middle', () => {
    const scale = linear([10, 20], [0, 100]);
    assert.deepEqual([scale(10), scale(15), scale(20)], [0, 50, 100]);
    assert.equal(linear([5, 5], [0, 100])(5), 50);
  });

  it('know nothing of what is unknown', () => {
    assert.equal(extent([null, undefined, NaN, Infinity]), undefined);
    assert.deepEqual(extent([null, 3, -1, undefined]), [-1, 3]);
  });

  it('have round marks inside their range, in order, not too many', () => {
    fc.assert(
      fc.property(finite, finite, fc.integer({ min: 1, max: 12 }), (a, b, wanted) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        // Ends that are the same to nine digits make no chart.
        if (!(high - low > 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)))) return;
        const marks = ticks(low, high, wanted);
        assert.ok(marks.length <= wanted + 1, `${marks.length} marks`);
        const room = (high - low) * 1e-6 + Math.max(Math.abs(a), Math.abs(b)) * 1e-11;
        for (const mark of marks) assert.ok(mark >= low - room && mark <= high + room);
        assert.deepEqual(
          marks,
          marks.toSorted((x, y) => x - y),
        );
      }),
    );
  });

  it('end where the ends are the same but for the last digit of a number', () => {
    // Steps below what a number can tell apart would never arrive at the end.
    assert.deepEqual(ticks(1000 / 1.2, 1000 / 1.2 + 1e-13, 4), [1000 / 1.2]);
    assert.deepEqual(ticks(0, 0, 4), [0]);
  });

  it('draw a gap where a value is unknown', () => {
    assert.equal(
      linePath([
        [0, 1],
        [1, undefined],
        [2, 3],
        [3, 4],
      ]),
      'M0 1M2 3L3 4',
    );
    assert.equal(bandPath([]), '');
    assert.equal(
      bandPath([
        [0, 1, 2],
        [1, 1, 3],
      ]),
      'M0 2L1 3L1 1L0 1Z',
    );
  });
});

describe('the heat map', () => {
  it('is the same on both sides of 0, and hides no side', () => {
    fc.assert(
      fc.property(finite, finite, (value, other) => {
        const scale = largest([value, other]);
        assert.equal(toneOf(value, scale) + toneOf(-value, scale), 0);
        if (value !== 0) assert.equal(Math.sign(toneOf(value, scale)), Math.sign(value));
      }),
    );
    assert.equal(toneOf(0, 1), 0);
    assert.equal(toneOf(NaN, 1), 0);
    assert.equal(toneOf(1, 1), 4);
  });

  it('says how sure a value is', () => {
    assert.deepEqual([0, 1, 3, 20, NaN].map(sureness), ['none', 'few', 'some', 'many', 'none']);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normalCumulative, normalDensity } from '#agent/exploring/normal.ts';
import { range } from '../support/statistics.ts';

describe('normal distribution', () => {
  it('agrees with tabulated values', () => {
    const table = [
      [0, 0.5],
      [0.5, 0.691462461274013],
      [1, 0.841344746068543],
      [1.96, 0.9750021048517795],
      [3, 0.9986501019683699],
      [-1, 0.158655253931457],
      [-5, 2.866515718791939e-7],
      [-8, 6.22096057427178e-16],
    ] as const;
    for (const [x, expected] of table) {
      assert.ok(Math.abs(normalCumulative(x) / expected - 1) < 1e-12, `${x}`);
    }
    assert.equal(normalCumulative(-100), 0);
    assert.equal(normalCumulative(100), 1);
  });

  it('is the integral of its density, without a jump where the method changes', () => {
    const step = 0.001;
    for (const index of range(8000)) {
      const x = -4 + index * step;
      const slope = (normalCumulative(x + step) - normalCumulative(x)) / step;
      assert.ok(Math.abs(slope - normalDensity(x + step / 2)) < 1e-7, `${x}`);
    }
  });
});

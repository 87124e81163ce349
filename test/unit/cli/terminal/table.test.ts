// SPDX-License-Identifier: Apache-2.0
import { figureOf } from '#cli/runs/figure.ts';
import { integerFlag } from '#cli/command/flags.ts';
import { renderTable } from '#cli/terminal/table.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

describe('figureOf', () => {
  it('gives mean and the 95 % interval of Student', () => {
    const figure = figureOf([1, 2, 3, 4], 'watts');
    assert.equal(figure.mean, 2.5);
    // s = 1.29099, s/sqrt(4) = 0.645497, t(0.975, 3) = 3.182
    assert.ok(Math.abs(figure.high - figure.mean - 2.05397) < 1e-4);
    assert.ok(Math.abs(figure.mean - figure.low - 2.05397) < 1e-4);
  });

  it('has no width where n is 1', () => {
    assert.deepEqual(figureOf([7], 'joules'), { mean: 7, low: 7, high: 7, n: 1, unit: 'joules' });
  });

  it('refuses what is not a number instead of reporting it', () => {
    assert.throws(() => figureOf([1, Number.NaN], 'joules'), RangeError);
    assert.throws(() => figureOf([], 'joules'), RangeError);
  });
});

describe('renderTable', () => {
  it('aligns the first column left and the rest right', () => {
    assert.equal(
      renderTable(
        ['name', 'n'],
        [
          ['a', '10'],
          ['bcdef', '9'],
        ],
      ),
      'name     n\n-----   --\na       10\nbcdef    9\n',
    );
  });
});

describe('integerFlag', () => {
  const bounds = { default: 3, minimum: 1, maximum: 9 };
  it('takes the default when the flag is missing', () => {
    assert.equal(integerFlag({}, 'seeds', bounds), 3);
  });
  for (const bad of ['x', '0', '10', '1.5', '', ' 2', '0x2']) {
    it(`refuses ${JSON.stringify(bad)} by name`, () => {
      assert.throws(
        () => integerFlag({ seeds: bad }, 'seeds', bounds),
        /^InputError: --seeds: found .*, expected a whole number from 1 to 9$/,
      );
    });
  }
});

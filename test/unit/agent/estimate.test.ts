// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION } from '#agent/action.ts';
import { cellOf, estimateOf } from '#agent/estimate.ts';
import { DEFAULTS } from '#agent/hyperparameters.ts';

describe('cellOf', () => {
  it('finds own cells only: labels like toString are nothing special', () => {
    const table = { s: { a: { value: 1, weight: 2 } } };
    assert.deepEqual(cellOf(table, 's', 'a'), { value: 1, weight: 2 });
    for (const name of ['b', 'toString', 'constructor', '__proto__']) {
      assert.equal(cellOf(table, 's', name), undefined);
      assert.equal(cellOf(table, name, 'a'), undefined);
    }
    assert.equal(cellOf(undefined, 's', 'a'), undefined);
  });
});

describe('estimateOf', () => {
  const number = fc.double({ min: -10, max: 10, noNaN: true });
  const cell = fc.record({ value: number, weight: fc.double({ min: 0.1, max: 50, noNaN: true }) });

  it('falls back from own cell to prior to initial value', () => {
    const own = { value: 0.3, weight: 4 };
    const prior = { value: -0.3, weight: 40 };
    assert.deepEqual(estimateOf(undefined, undefined, 'a', DEFAULTS), { value: 0.15, weight: 0 });
    assert.deepEqual(estimateOf(undefined, undefined, DEFAULT_ACTION, DEFAULTS), {
      value: 0,
      weight: 0,
    });
    assert.deepEqual(estimateOf(own, undefined, 'a', DEFAULTS), own);
    assert.deepEqual(estimateOf(undefined, prior, 'a', DEFAULTS), { value: -0.3, weight: 2 });
    const both = estimateOf(own, prior, 'a', DEFAULTS);
    assert.ok(Math.abs(both.value - (4 * 0.3 + 2 * -0.3) / 6) < 1e-12);
    assert.equal(both.weight, 6);
  });

  it('lies between own value and prior, and own samples win in the end', () => {
    fc.assert(
      fc.property(cell, cell, (own, prior) => {
        const { value } = estimateOf(own, prior, 'a', DEFAULTS);
        const [low, high] = [Math.min(own.value, prior.value), Math.max(own.value, prior.value)];
        assert.ok(value >= low - 1e-9 && value <= high + 1e-9);
        const sure = estimateOf({ ...own, weight: 1e9 }, prior, 'a', DEFAULTS);
        assert.ok(Math.abs(sure.value - own.value) < 1e-6);
      }),
    );
  });

  it('never counts a prior for more than the prior knows', () => {
    const { weight } = estimateOf(undefined, { value: 1, weight: 0.25 }, 'a', DEFAULTS);
    assert.equal(weight, 0.25);
    const none = estimateOf(undefined, { value: 9, weight: 5 }, 'a', {
      ...DEFAULTS,
      priorWeight: 0,
    });
    assert.deepEqual(none, { value: DEFAULTS.initialValue, weight: 0 });
  });
});

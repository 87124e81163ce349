// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { cellOf, estimateOf } from '#agent/learning/estimate.ts';
import { DEFAULTS } from '#agent/terms/hyperparameters.ts';
import type { Cell } from '#agent/terms/value-table.ts';

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
    const untried = { value: (40 * -0.3 + 0.15) / 41, weight: 2 };
    assert.deepEqual(estimateOf(undefined, prior, 'a', DEFAULTS), untried);
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

  it('of a target never tried lies between prior and initial value: nearer to the prior, the more it knows', () => {
    fc.assert(
      fc.property(cell, number, fc.double({ min: 0.1, max: 50, noNaN: true }), (prior, v, k) => {
        const h = { ...DEFAULTS, initialValue: v, initialWeight: k };
        const { value, weight } = estimateOf(undefined, prior, 'a', h);
        const [low, high] = [Math.min(v, prior.value), Math.max(v, prior.value)];
        assert.ok(value >= low - 1e-9 && value <= high + 1e-9);
        const more = estimateOf(undefined, { ...prior, weight: 2 * prior.weight }, 'a', h);
        assert.ok(Math.abs(more.value - prior.value) <= Math.abs(value - prior.value) + 1e-9);
        // How sure the estimate is does not change: an initial value is no evidence.
        assert.equal(weight, estimateOf(undefined, prior, 'a', { ...h, initialWeight: 0 }).weight);
      }),
    );
  });

  it('is what it was, to the last bit, with an initial weight of 0, for the default, and with own samples', () => {
    const before = (own: Cell | undefined, prior: Cell | undefined, action: Action): Cell => {
      const n = own?.weight ?? 0;
      const n0 = Math.min(DEFAULTS.priorWeight, prior?.weight ?? 0);
      if (n + n0 <= 0) return { value: action === DEFAULT_ACTION ? 0 : 0.15, weight: 0 };
      const total = n * (own?.value ?? 0) + n0 * (prior?.value ?? 0);
      return { value: total / (n + n0), weight: n + n0 };
    };
    const maybe = fc.option(cell, { nil: undefined });
    const off = { ...DEFAULTS, initialWeight: 0 };
    fc.assert(
      fc.property(maybe, maybe, cell, (own, prior, some) => {
        assert.deepEqual(estimateOf(own, prior, 'a', off), before(own, prior, 'a'));
        assert.deepEqual(estimateOf(some, prior, 'a', DEFAULTS), before(some, prior, 'a'));
        const standing = estimateOf(own, prior, DEFAULT_ACTION, DEFAULTS);
        assert.deepEqual(standing, before(own, prior, DEFAULT_ACTION));
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

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fillingOf, keepsHeadroom } from '#agent/state/headroom.ts';

void describe('fillingOf', () => {
  const table: [string, Parameters<typeof fillingOf>[0], number | undefined][] = [
    ['what is there and what comes', { allocatable: 8, expected: 3, own: 1 }, 0.5],
    ['an empty target', { allocatable: 8, expected: 0, own: 0 }, 0],
    ['a Pod that was never measured', { allocatable: 8, expected: 3, own: undefined }, undefined],
    ['a size that is not known', { allocatable: undefined, expected: 3, own: 1 }, undefined],
    ['no size at all', { allocatable: 0, expected: 3, own: 1 }, undefined],
    ['nothing of nothing', { allocatable: 0, expected: 0, own: 0 }, undefined],
    ['NaN', { allocatable: 8, expected: NaN, own: 1 }, undefined],
    ['a negative size', { allocatable: -8, expected: 3, own: 1 }, undefined],
  ];
  for (const [name, filling, expected] of table) {
    void test(name, () => assert.equal(fillingOf(filling), expected));
  }
});

void describe('keepsHeadroom', () => {
  const table: [string, (number | undefined)[], boolean[]][] = [
    ['what stays within the limit', [0.2, 0.8, 0.81], [true, true, false]],
    ['not known is not full', [0.9, undefined], [false, true]],
    ['all full: the emptiest and those nearly as empty', [1.3, 1.0, 1.09], [false, true, true]],
    ['all but one full', [1.3, 0.79, 0.82], [false, true, false]],
    ['none', [], []],
  ];
  for (const [name, fillings, expected] of table) {
    void test(name, () => assert.deepEqual(keepsHeadroom(fillings, 0.8), expected));
  }

  void test('keeps at least one, and never a fuller one while an emptier one is left out', () => {
    const filling = fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(filling, { minLength: 1 }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        (fillings, limit) => {
          const kept = keepsHeadroom(fillings, limit);
          assert.ok(kept.includes(true));
          const known = fillings.map((one, index) => ({
            one: one ?? 0,
            kept: kept[index] === true,
          }));
          const fullest = Math.max(...known.filter((one) => one.kept).map(({ one }) => one));
          assert.ok(known.every((one) => one.kept || one.one > fullest));
        },
      ),
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKnown, leastCost } from '#reward/unknown.ts';
import fc from 'fast-check';

const cost = fc.oneof(
  fc.double({ noNaN: false }),
  fc.constant(undefined),
  fc.constant(Number.NaN),
  fc.constant(Infinity),
);

test('unknown is never best', () => {
  fc.assert(
    fc.property(fc.array(cost), (costs) => {
      const best = leastCost(costs.map((value, index) => [index, value] as const));
      const known = costs.filter(isKnown);
      if (best === undefined) assert.equal(known.length, 0);
      else
        assert.equal(
          costs[best],
          known.reduce((least, value) => Math.min(least, value)),
        );
    }),
  );
});

test('zero is known', () => {
  assert.equal(isKnown(0), true);
  assert.equal(
    leastCost([
      ['a', 1],
      ['b', 0],
    ]),
    'b',
  );
});

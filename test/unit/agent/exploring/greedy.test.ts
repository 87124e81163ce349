// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bestArms, isBest } from '#agent/exploring/greedy.ts';

// Few different numbers, so that equals are common.
const arm = fc.record({
  action: fc.constant('a'),
  value: fc.constantFrom(-1, 0, -0, 0.5, 2),
  weight: fc.nat(3),
  inFlight: fc.option(fc.nat(2), { nil: undefined }),
});

describe('isBest', () => {
  it('says of each arm what bestArms marks', () => {
    fc.assert(
      fc.property(fc.array(arm, { minLength: 1, maxLength: 8 }), (arms) => {
        const marks = bestArms(arms, ({ value }) => value);
        assert.deepEqual(
          arms.map((_, index) => isBest(arms, index)),
          marks,
        );
      }),
    );
  });

  it('says no of a place where there is none', () => {
    assert.equal(isBest([{ action: 'a', value: 1, weight: 1 }], 1), false);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdoutSharesOf } from '#cluster/policy/holdout.ts';

describe('the shares of a policy that are held out', () => {
  it('are fractions, and the resting one is never the larger', () => {
    const of = (holdoutPercent: number, restingHoldoutThousandths: number) =>
      holdoutSharesOf({ holdoutPercent, restingHoldoutThousandths });
    assert.deepEqual(of(2, 2), { full: 0.02, resting: 0.002 });
    assert.deepEqual(of(5, 1000), { full: 0.05, resting: 0.05 });
    assert.deepEqual(of(0, 2), { full: 0, resting: 0 });
  });
});

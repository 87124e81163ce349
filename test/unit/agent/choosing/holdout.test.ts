// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdoutShare } from '#agent/choosing/holdout.ts';

describe('the share that is held out', () => {
  const shares = { full: 0.02, resting: 0.002 };

  it('is the full one until the saving is known, and the resting one from then on', () => {
    assert.deepEqual(holdoutShare(shares, false), { ratio: 0.02, rested: false });
    assert.deepEqual(holdoutShare(shares, true), { ratio: 0.002, rested: true });
  });

  it('never rests where the resting share is not below the full one', () => {
    const always = { full: 0.02, resting: 0.02 };
    assert.deepEqual(holdoutShare(always, true), { ratio: 0.02, rested: false });
    assert.deepEqual(holdoutShare({ full: 0, resting: 0 }, true), { ratio: 0, rested: false });
  });

  it('never rests where everything is held out: nothing would be measured that ends it', () => {
    assert.deepEqual(holdoutShare({ full: 1, resting: 0.002 }, true), { ratio: 1, rested: false });
    assert.deepEqual(holdoutShare({ full: 0.99, resting: 0.002 }, true).ratio, 0.002);
  });
});

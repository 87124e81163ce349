// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyNth } from '#admission/scheduler/every-nth.ts';

describe('everyNth', () => {
  it('passes one call of n on', () => {
    let looks = 0;
    const step = everyNth(3, () => {
      looks += 1;
    });
    for (let call = 0; call < 10; call += 1) step();
    assert.equal(looks, 3);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Observations } from '#admission/figures/observations.ts';

describe('Observations', () => {
  it('hands over every value once and in order, also where nobody ever asks', () => {
    const taken: number[] = [];
    const observations = new Observations((value) => taken.push(value));
    const values = Array.from({ length: 1000 }, (_, index) => index / 7);
    for (const value of values) observations.observe(value);
    assert.ok(taken.length > 700, `${taken.length} of 1000`);
    observations.fetch();
    assert.deepEqual(taken, values);
    observations.fetch();
    assert.equal(taken.length, values.length);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Tally } from '#admission/figures/tally.ts';

function fetched(tally: Tally<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  tally.fetch((word, count) => (counts[word] = count));
  return counts;
}

describe('Tally', () => {
  it('hands over every count once, and every word every time', () => {
    const tally = new Tally<string>(['a', 'b']);
    assert.deepEqual(fetched(tally), { a: 0, b: 0 });
    for (const word of ['a', 'a', 'c']) tally.inc(word);
    assert.deepEqual(fetched(tally), { a: 2, b: 0, c: 1 });
    assert.deepEqual(fetched(tally), { a: 0, b: 0, c: 0 });
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentIds } from '#admission/remembered/recent-ids.ts';

describe('RecentIds', () => {
  it('remembers for its lifetime', () => {
    const ids = new RecentIds({ lifetimeMilliseconds: 100, entries: 10 });
    ids.add('a', 0);
    assert.equal(ids.has('a', 100), true);
    assert.equal(ids.has('a', 101), false);
    assert.equal(ids.has('b', 0), false);
  });

  it('counts from the last time', () => {
    const ids = new RecentIds({ lifetimeMilliseconds: 100, entries: 10 });
    ids.add('a', 0);
    ids.add('a', 90);
    assert.equal(ids.has('a', 150), true);
  });

  it('is bounded: the oldest goes', () => {
    const ids = new RecentIds({ lifetimeMilliseconds: 100, entries: 2 });
    for (const id of ['a', 'b', 'c']) ids.add(id, 0);
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => ids.has(id, 0)),
      [false, true, true],
    );
  });
});

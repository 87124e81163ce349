// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '#simulator/events/lane.ts';

test('a lane is first in, first out, also where its ring is full and grows', () => {
  const lane = new Lane(4);
  let pushed = 0;
  let popped = 0;
  // Ever more waiting, so that the ring grows with its beginning at any place.
  for (let round = 1; round <= 40; round += 1) {
    for (let i = 0; i < round; i += 1) {
      lane.push(pushed / 8, pushed, -pushed);
      pushed += 1;
    }
    for (let i = 0; i < round - 1; i += 1) {
      assert.equal(lane.nextTime, popped / 8);
      assert.equal(lane.nextOrder, popped);
      assert.equal(lane.pop(), 0 - popped);
      popped += 1;
    }
    assert.equal(lane.size, pushed - popped);
  }
  while (lane.size > 0) assert.equal(lane.pop(), 0 - popped++);
  assert.equal(popped, pushed);
  assert.equal(lane.nextTime, Infinity);
});

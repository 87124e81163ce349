// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch } from '#certs/clock-watch.ts';

const MINUTE = 60_000;

test('a clock is believed until it jumps, and again ten minutes later', () => {
  let now = Date.UTC(2026, 0, 2);
  let elapsed = 0;
  const watch = new ClockWatch(
    () => now,
    () => elapsed,
  );
  const pass = (wall: number, real = wall): boolean => {
    now += wall;
    elapsed += real;
    return watch.steady();
  };
  assert.equal(pass(0), true);
  assert.equal(pass(1000 * MINUTE), true, 'long rounds are no jump');
  assert.equal(pass(4 * MINUTE, 0), true, 'a correction is no jump');
  assert.equal(pass(400 * MINUTE, MINUTE), false);
  assert.equal(pass(9 * MINUTE), false);
  assert.equal(pass(2 * MINUTE), true);
  assert.equal(pass(-400 * MINUTE, MINUTE), false, 'backwards too');
  assert.equal(pass(5 * MINUTE), false);
  assert.equal(pass(400 * MINUTE, MINUTE), false, 'each jump counts anew');
  assert.equal(pass(9 * MINUTE), false);
  assert.equal(pass(MINUTE), true);
});

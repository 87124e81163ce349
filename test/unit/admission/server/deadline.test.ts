// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Deadline,
  DeadlineError,
  deadlineOf,
  timeoutSecondsOf,
} from '#admission/server/deadline.ts';

describe('timeoutSecondsOf', () => {
  const cases: [string, number][] = [
    ['/mutate?timeout=2s', 2],
    ['/mutate?timeout=30s', 30],
    ['/mutate?a=b&timeout=5s', 5],
    ['/mutate?timeout=31s', 30],
    ['/mutate?timeout=0s', 1],
    ['/mutate', 10],
    ['/mutate?timeout=', 10],
    ['/mutate?timeout=2', 10],
    ['/mutate?timeout=-2s', 10],
    ['/mutate?timeout=1.5s', 10],
    ['/mutate?timeout=99999999999999999s', 10],
    ['/mutate?timeout=%zz', 10],
    ['/mutate?timeout=1m', 10],
  ];
  for (const [url, seconds] of cases) {
    it(`${url}: ${String(seconds)}`, () => assert.equal(timeoutSecondsOf(url), seconds));
  }
});

describe('deadlineOf', () => {
  it('ends before the caller gives up', () => {
    let now = 100;
    const deadline = deadlineOf('/mutate?timeout=2s', now, () => now);
    now = 100 + 1799;
    assert.equal(deadline.expired, false);
    deadline.checkpoint();
    now = 100 + 1800;
    assert.equal(deadline.expired, true);
    assert.throws(() => deadline.checkpoint(), DeadlineError);
  });
});

describe('Deadline', () => {
  it('is over at its end', () => {
    assert.equal(new Deadline(() => 5, 5).expired, true);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Backoff, sleep } from '#cluster/api/backoff.ts';

const BOUNDS = { baseMilliseconds: 500, capMilliseconds: 30_000 };

describe('backoff', () => {
  it('doubles its ceiling up to the cap and starts again after a reset', () => {
    const backoff = new Backoff(BOUNDS, () => 0.999_999);
    const delays = Array.from({ length: 9 }, () => Math.round(backoff.next()));
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    assert.equal(backoff.attempt, 9);
    backoff.reset();
    assert.equal(Math.round(backoff.next()), 500);
  });

  it('spreads over the whole range below the ceiling', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
        const backoff = new Backoff(BOUNDS, () => draw);
        assert.equal(backoff.next(), draw * 500);
      }),
    );
  });

  it('stays finite for ever', () => {
    const backoff = new Backoff(BOUNDS, () => 0.5);
    for (let index = 0; index < 5000; index += 1) assert.ok(backoff.next() <= 15_000);
  });
});

describe('sleep', () => {
  it('ends at once when it is aborted, before or during', async () => {
    const abort = new AbortController();
    const during = sleep(3_600_000, abort.signal);
    abort.abort();
    await during;
    await sleep(3_600_000, abort.signal);
    await sleep(0);
  });
});

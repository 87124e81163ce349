// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Processor, UNLIMITED } from '#simulator/processor.ts';
import { divideCores, Share } from '#simulator/share.ts';

test('a job alone gets one core, two on one core get half each', () => {
  const processor = new Processor(1, 1);
  processor.start(0, UNLIMITED, 1, 1);
  assert.equal(processor.next, 1);
  processor.start(0.5, UNLIMITED, 2, 1);
  // Job 1 has 0.5 left at half speed.
  assert.equal(processor.next, 1.5);
  assert.equal(processor.finish(), 1);
  // Job 2 did 0.5 by then and is alone now.
  assert.equal(processor.next, 2);
  assert.equal(processor.finish(), 2);
  assert.equal(processor.next, Infinity);
});

test('jobs up to the number of cores do not slow each other', () => {
  const processor = new Processor(4, 1);
  for (let job = 0; job < 4; job++) processor.start(0, UNLIMITED, job, 2);
  assert.equal(processor.next, 2);
  processor.start(0, UNLIMITED, 4, 2);
  assert.equal(processor.next, 2.5);
});

test('a limit holds its own Pod back and leaves the rest to others', () => {
  const processor = new Processor(2, 1);
  const limited = processor.openShare(0.5);
  processor.start(0, limited, 1, 1);
  processor.start(0, UNLIMITED, 2, 1);
  assert.equal(processor.finish(), 2);
  assert.equal(processor.next, 2);
  assert.equal(processor.finish(), 1);
  processor.closeShare(limited);
  assert.equal(processor.openShare(1), limited);
});

test('cores are divided like water among limited shares', () => {
  const filled = (limit: number, jobs: number): Share => {
    const share = new Share(limit);
    for (let job = 0; job < jobs; job++) share.push(job, 1);
    return share;
  };
  const rates = (cores: number, shares: Share[]): number[] => {
    divideCores(shares, cores);
    return shares.map((share) => share.rate);
  };
  assert.deepEqual(rates(4, [filled(Infinity, 2), filled(1, 4)]), [1, 0.25]);
  assert.deepEqual(rates(2, [filled(Infinity, 3), filled(0.5, 1)]), [0.5, 0.5]);
  assert.deepEqual(rates(2, [filled(Infinity, 2), filled(0.5, 2)]), [0.75, 0.25]);
  assert.deepEqual(rates(2, [filled(Infinity, 0), filled(1, 1)]), [0, 1]);
  assert.deepEqual(rates(1, [filled(Infinity, 4), filled(1, 4)]), [0.125, 0.125]);
});

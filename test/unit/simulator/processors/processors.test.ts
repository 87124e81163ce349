// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Clock } from '#simulator/events/clock.ts';
import { Processors } from '#simulator/processors/processors.ts';
import { divideCores, type Share } from '#simulator/processors/share.ts';

/** One node; jobs are started and ended at the time that is said. */
function oneNode(cores: number) {
  const clock = new Clock();
  const processors = new Processors([{ cores, speed: 1 }], clock);
  const unlimited = processors.unlimited(0);
  return {
    processors,
    unlimited,
    next: () => processors.first.time,
    start: (time: number, share: number, job: number, coreSeconds: number): void => {
      clock.now = time;
      processors.sync(0);
      processors.start(0, share, job, coreSeconds);
    },
    finish: (): number => {
      clock.now = processors.first.time;
      return processors.finish(0);
    },
  };
}

test('a job alone gets one core, two on one core get half each', () => {
  const { unlimited, next, start, finish } = oneNode(1);
  start(0, unlimited, 1, 1);
  assert.equal(next(), 1);
  start(0.5, unlimited, 2, 1);
  // Job 1 has 0.5 left at half speed.
  assert.equal(next(), 1.5);
  assert.equal(finish(), 1);
  // Job 2 did 0.5 by then and is alone now.
  assert.equal(next(), 2);
  assert.equal(finish(), 2);
  assert.equal(next(), Infinity);
});

test('jobs up to the number of cores do not slow each other', () => {
  const { unlimited, next, start } = oneNode(4);
  for (let job = 0; job < 4; job++) start(0, unlimited, job, 2);
  assert.equal(next(), 2);
  start(0, unlimited, 4, 2);
  assert.equal(next(), 2.5);
});

test('a limit holds its own Pod back and leaves the rest to others', () => {
  const { processors, unlimited, next, start, finish } = oneNode(2);
  const limited = processors.openShare(0, 0.5);
  start(0, limited, 1, 1);
  start(0, unlimited, 2, 1);
  assert.equal(finish(), 2);
  assert.equal(next(), 2);
  assert.equal(finish(), 1);
  processors.closeShare(0, limited);
  assert.equal(processors.openShare(0, 1), limited);
  // As new: nothing is left of what the old one did.
  assert.equal(processors.attained(limited), 0);
});

test('a limit that came and went leaves a node as it was', () => {
  const { processors, unlimited, next, start, finish } = oneNode(2);
  processors.closeShare(0, processors.openShare(0, 0.5));
  start(1, unlimited, 7, 1);
  processors.openShare(0, 0.5);
  assert.equal(next(), 2);
  assert.equal(finish(), 7);
});

test('many jobs of many nodes end in the order of their work, and none is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 50 })), {
        maxLength: 400,
      }),
      (jobs) => {
        const clock = new Clock();
        const nodes = Array.from({ length: 5 }, () => ({ cores: 1000, speed: 1 }));
        const processors = new Processors(nodes, clock);
        jobs.forEach(([node, work], job) => {
          processors.start(node, processors.unlimited(node), job, work);
        });
        const expected = jobs
          .map(([node, work], job) => ({ node, work, job }))
          .sort((a, b) => a.work - b.work || a.node - b.node || a.job - b.job);
        for (const { node, work, job } of expected) {
          const { first } = processors;
          assert.deepEqual([first.time, first.node], [work, node]);
          clock.now = work;
          assert.equal(processors.finish(node), job);
        }
        assert.equal(processors.first.time, Infinity);
      },
    ),
  );
});

test('cores are divided like water among limited shares', () => {
  const filled = (limitCores: number, size: number): Share => ({ limitCores, size, rate: 0 });
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

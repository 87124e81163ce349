// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FirstCompletion } from '#simulator/processors/first-completion.ts';

test('the earliest time wins, and among equal ones the node of the lowest number', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 37 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 9 })), { maxLength: 300 }),
      (nodes, changes) => {
        const first = new FirstCompletion(nodes);
        const times = new Array<number>(nodes).fill(Infinity);
        for (const [any, drawn] of changes) {
          const time = drawn === 9 ? Infinity : drawn;
          times[any % nodes] = time;
          first.set(any % nodes, time);
          assert.equal(first.time, Math.min(...times));
          assert.equal(first.node, times.indexOf(first.time));
        }
      },
    ),
  );
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventQueue } from '#simulator/events/queue.ts';

test('events come out by time, equal times in the order of entry', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 600 }), (times) => {
      const queue = new EventQueue();
      times.forEach((time, i) => queue.push(time, i));
      const expected = times
        .map((time, i) => ({ time, i }))
        .sort((a, b) => a.time - b.time || a.i - b.i);
      for (const { time, i } of expected) {
        assert.equal(queue.nextTime, time);
        assert.equal(queue.pop(), i);
      }
      assert.equal(queue.size, 0);
      assert.equal(queue.nextTime, Infinity);
    }),
  );
});

test('pushes between pops keep the order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 300 }),
      (steps) => {
        const queue = new EventQueue(2);
        let model: { time: number; id: number }[] = [];
        steps.forEach(([time, pop], id) => {
          queue.push(time, id);
          model.push({ time, id });
          if (!pop) return;
          model.sort((a, b) => a.time - b.time || a.id - b.id);
          const [first, ...rest] = model;
          model = rest;
          assert.equal(queue.pop(), first!.id);
        });
        assert.equal(queue.size, model.length);
      },
    ),
  );
});

test('events in lanes come out as if there were no lanes', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          lane: fc.integer({ min: -1, max: 1 }),
          later: fc.integer({ min: 0, max: 4 }),
          pops: fc.integer({ min: 0, max: 2 }),
        }),
        { maxLength: 300 },
      ),
      (steps) => {
        const queue = new EventQueue(2);
        let model: { time: number; id: number }[] = [];
        let now = 0;
        steps.forEach(({ lane, later, pops }, id) => {
          // A lane's events come a fixed time after now, and now never goes back.
          const time = lane < 0 ? now + later : now + 1 + 2 * lane;
          if (lane < 0) queue.push(time, id);
          else queue.pushTo(lane, time, id);
          model.push({ time, id });
          for (let pop = 0; pop < pops && model.length > 0; pop++) {
            model.sort((a, b) => a.time - b.time || a.id - b.id);
            const [first, ...rest] = model;
            model = rest;
            assert.equal(queue.nextTime, first!.time);
            assert.equal(queue.pop(), first!.id);
            now = first!.time;
          }
          assert.equal(queue.size, model.length);
        });
      },
    ),
  );
});

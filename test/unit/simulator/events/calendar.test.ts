// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Calendar } from '#simulator/events/calendar.ts';
import { Random } from '#simulator/random/random.ts';

/** An event of the model: all events in a list, sorted anew when one is due. */
interface Entry {
  readonly time: number;
  readonly order: number;
}

const byTime = (a: Entry, b: Entry): number => a.time - b.time || a.order - b.order;

/** Puts events in and takes them out, `waiting` at a time, and compares with the model. */
function compare(waiting: number, events: number, later: (event: number) => number): void {
  const calendar = new Calendar();
  let model: Entry[] = [];
  let now = 0;
  const push = (order: number): void => {
    const time = now + later(order);
    calendar.push(time, order, order);
    model.push({ time, order });
    // Sorted is what it was: the new one goes where it belongs.
    if (model.length > 1) model.sort(byTime);
  };
  for (let order = 0; order < waiting; order += 1) push(order);
  for (let order = waiting; order < events; order += 1) {
    const [first, ...rest] = model;
    model = rest;
    assert.equal(calendar.nextTime, first!.time);
    assert.equal(calendar.nextOrder, first!.order);
    assert.equal(calendar.pop(), first!.order);
    now = first!.time;
    push(order);
  }
  for (const { order } of model) assert.equal(calendar.pop(), order);
  assert.equal(calendar.nextTime, Infinity);
  assert.equal(calendar.size, 0);
}

test('events come out by time and order, however dense they are', () => {
  for (const scale of [1e-9, 1e-4, 1, 1e4]) {
    const random = new Random(scale * 1e9);
    compare(60, 20_000, () => scale * random.next());
  }
});

test('days grow and shrink with what happens, and no event is lost', () => {
  const random = new Random(7);
  const scales = [1, 1e-6, 1e-3, 1e3];
  compare(40, 40_000, (event) => (scales[Math.floor(event / 10_000)] ?? 1) * random.next());
});

test('a few far ahead of many, and many at the same time', () => {
  const random = new Random(3);
  compare(50, 20_000, (event) => (event % 20 === 0 ? 1000 * random.next() : 1e-3));
  compare(50, 20_000, () => random.integer(3) / 4);
  compare(50, 12_000, () => 0);
});

test('any times, also earlier than those that wait', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.boolean()), {
        maxLength: 200,
      }),
      (steps) => {
        const calendar = new Calendar();
        let model: Entry[] = [];
        steps.forEach(([time, pop], order) => {
          calendar.push(time, order, order);
          model.push({ time, order });
          if (!pop) return;
          const [first, ...rest] = [...model].sort(byTime);
          model = rest;
          assert.equal(calendar.pop(), first!.order);
        });
        assert.equal(calendar.size, model.length);
      },
    ),
  );
});

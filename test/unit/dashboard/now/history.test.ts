// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Burst } from '#dashboard/server/burst.ts';
import { ThinningHistory, WindowHistory } from '#dashboard/now/history.ts';

describe('a history of windows', () => {
  it('is bounded in windows and series, and says where nothing was known', () => {
    const history = new WindowHistory<number>(3, 2);
    for (let time = 0; time < 5; time += 1) {
      history.add(time, [...(time === 3 ? [] : [['a', time] as const]), ['b', 1], ['c', 1]]);
    }
    assert.deepEqual(history.of('a'), [
      { time: 2, value: 2 },
      { time: 3, value: undefined },
      { time: 4, value: 4 },
    ]);
    assert.ok(history.of('c').filter(({ value }) => value !== undefined).length <= 1);
  });
});

describe('a history that thins out', () => {
  it('stays bounded, in order, with its first and its newest point', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 40 }),
        fc.integer({ min: 1, max: 400 }),
        (room, count) => {
          const history = new ThinningHistory<number>(room);
          for (let point = 0; point < count; point += 1) history.add(point);
          const { points } = history;
          assert.ok(points.length <= room);
          assert.equal(points[0], 0);
          assert.equal(points.at(-1), count - 1);
          assert.deepEqual(
            points,
            points.toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });
});

describe('a burst', () => {
  it('tells each change once, the latest last', () => {
    const told: (readonly string[])[] = [];
    const burst = new Burst(60_000, (ids) => told.push(ids));
    for (const id of ['a', 'b', 'a', 'c', 'b']) burst.add(id);
    burst.flush();
    burst.flush();
    assert.deepEqual(told, [['a', 'c', 'b']]);
    burst.add('d');
    burst.close();
    burst.flush();
    assert.equal(told.length, 1);
  });
});

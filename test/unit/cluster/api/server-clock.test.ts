// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MOST_OFFSET_MILLISECONDS, ServerClock } from '#cluster/api/server-clock.ts';

const T = 1_700_000_000_000;
const header = (time: number): string => new Date(time).toUTCString();

describe('the clock of the API server', () => {
  it('is unknown without an answer, and nothing is wrong then', () => {
    const clock = new ServerClock();
    clock.note(undefined, T);
    clock.note('yesterday', T);
    clock.note(['a', 'b'], T);
    assert.deepEqual([clock.offsetMilliseconds, clock.problem], [undefined, undefined]);
  });

  it('tells how far ours is ahead or behind, to the half second that a header loses', () => {
    const clock = new ServerClock();
    clock.note(header(T), T + 700);
    assert.ok(Math.abs(clock.offsetMilliseconds ?? Number.NaN) <= 500);
    assert.equal(clock.problem, undefined);
    const ahead = new ServerClock();
    ahead.note(header(T), T + 600_500);
    assert.equal(ahead.offsetMilliseconds, 600_000);
    assert.equal(ahead.problem, "the clock is 600 s ahead of the API server's");
    const behind = new ServerClock();
    behind.note(header(T), T - 599_500);
    assert.equal(behind.problem, "the clock is 600 s behind the API server's");
  });

  it('believes most answers: one slow one, or one API server of three, does not decide', () => {
    const clock = new ServerClock();
    for (let n = 0; n < 30; n += 1) clock.note(header(n % 3 === 0 ? T - 900_000 : T), T);
    assert.equal(clock.problem, undefined);
  });

  it('forgets what was: a clock that is set right is right after a few answers', () => {
    const clock = new ServerClock();
    for (let n = 0; n < 15; n += 1) clock.note(header(T), T + 2 * MOST_OFFSET_MILLISECONDS);
    assert.ok(clock.problem);
    for (let n = 0; n < 8; n += 1) clock.note(header(T), T);
    assert.equal(clock.problem, undefined);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '#admission/server/turns.ts';

/** A loop whose turns the test ends, and a clock that only jobs and the test move. */
class Loop {
  now = 0;
  /** What a job sets off takes so long, after the job itself. */
  aftermathMilliseconds = 0;
  readonly #ordered: (() => void)[] = [];
  readonly turns = new Turns({
    elapsed: () => this.now,
    budgetMilliseconds: 5,
    endOfTurn: (run) => this.#ordered.push(run),
    afterJob: (run) => {
      this.now += this.aftermathMilliseconds;
      run();
    },
  });

  /** Ends a turn: runs what was ordered for that; whether there was anything. */
  turn(): boolean {
    const ordered = this.#ordered.splice(0);
    for (const run of ordered) run();
    return ordered.length > 0;
  }

  /** A job that takes so long and says its name. */
  job(name: string, milliseconds: number, said: string[]): () => string {
    return () => {
      this.now += milliseconds;
      said.push(name);
      return name;
    };
  }
}

test('a job runs at once while the turn has time', async () => {
  const loop = new Loop();
  const said: string[] = [];
  const answers = [loop.turns.run(loop.job('a', 2, said)), loop.turns.run(loop.job('b', 2, said))];
  assert.deepEqual(said, ['a', 'b']);
  assert.deepEqual(await Promise.all(answers), ['a', 'b']);
});

test('what does not fit waits for the next turns, in order of arrival', () => {
  const loop = new Loop();
  const said: string[] = [];
  for (const name of 'abcdefg') void loop.turns.run(loop.job(name, 3, said));
  assert.deepEqual(said, ['a', 'b']);
  assert.equal(loop.turns.waiting, 5);
  loop.turn();
  assert.deepEqual(said, ['a', 'b'], 'the end of a turn has no time of its own');
  loop.turn();
  assert.deepEqual(said, ['a', 'b', 'c', 'd']);
  // One that comes while others wait goes to the end.
  void loop.turns.run(loop.job('h', 0, said));
  while (loop.turn());
  assert.equal(said.join(''), 'abcdefgh');
  assert.equal(loop.turns.waiting, 0);
});

test('a job longer than the budget is alone in its turn', () => {
  const loop = new Loop();
  const said: string[] = [];
  void loop.turns.run(loop.job('long', 50, said));
  void loop.turns.run(loop.job('next', 1, said));
  assert.deepEqual(said, ['long']);
  loop.turn();
  assert.deepEqual(said, ['long']);
  loop.turn();
  assert.deepEqual(said, ['long', 'next']);
});

test('what passes between two jobs of a turn counts, too', () => {
  const loop = new Loop();
  const said: string[] = [];
  void loop.turns.run(loop.job('a', 1, said));
  loop.now += 4;
  void loop.turns.run(loop.job('b', 1, said));
  assert.deepEqual(said, ['a']);
  loop.turn();
  loop.turn();
  assert.deepEqual(said, ['a', 'b']);
});

test('so does what a job sets off', () => {
  const loop = new Loop();
  const said: string[] = [];
  void loop.turns.run(loop.job('a', 5, said));
  for (const name of 'bcd') void loop.turns.run(loop.job(name, 1, said));
  loop.turn();
  loop.aftermathMilliseconds = 2;
  loop.turn();
  assert.deepEqual(said, ['a', 'b', 'c']);
  loop.turn();
  assert.deepEqual(said, ['a', 'b', 'c', 'd']);
});

test('a quiet loop orders no more turns', () => {
  const loop = new Loop();
  void loop.turns.run(loop.job('a', 1, []));
  assert.equal(loop.turn(), true);
  assert.equal(loop.turn(), false);
  const said: string[] = [];
  void loop.turns.run(loop.job('b', 1, said));
  assert.deepEqual(said, ['b']);
});

test('a job that throws rejects its own promise and nothing else', async () => {
  const loop = new Loop();
  const said: string[] = [];
  const broken = loop.turns.run(() => {
    throw new RangeError('broken');
  });
  const whole = loop.turns.run(loop.job('whole', 1, said));
  await assert.rejects(broken, RangeError);
  assert.equal(await whole, 'whole');
});

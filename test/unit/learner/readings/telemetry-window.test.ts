// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askOnce } from '#learner/readings/telemetry-window.ts';
import { World } from '../world.ts';

const windowAt = (from: number) => ({ from, to: from + 60_000 });

function sourcesOf(world: World, isSilent: (from: number) => boolean) {
  const asked: number[] = [];
  const answer = <T>(from: number, make: () => T): Promise<T> =>
    isSilent(from) ? Promise.reject(new Error(`silent at ${from}`)) : Promise.resolve(make());
  const ask = askOnce({
    power: {
      power: (window) => {
        asked.push(window.from);
        return answer(window.from, () => world.power(window));
      },
    },
    latency: { latency: (window) => Promise.resolve(world.latency(window)) },
    load: { load: (window) => Promise.resolve(world.load(window)) },
  });
  return { ask, asked };
}

void test('a window is asked about once', async () => {
  const { ask, asked } = sourcesOf(new World(1), () => false);
  const [one, two] = await Promise.all([ask(windowAt(0)), ask(windowAt(0))]);
  assert.equal(one, two);
  await ask(windowAt(1));
  assert.deepEqual(asked, [0, 1]);
});

void test('three failures in a row end the questions, a success in between does not', async () => {
  const { ask, asked } = sourcesOf(new World(1), (from) => from !== 2);
  for (const from of [0, 1]) await assert.rejects(ask(windowAt(from)), /silent/);
  await ask(windowAt(2));
  for (const from of [3, 4, 5]) await assert.rejects(ask(windowAt(from)), /silent/);
  await assert.rejects(ask(windowAt(6)), /silent at 5/);
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5]);
});

void test('policies that read by other presets share what does not differ', async () => {
  const world = new World(1);
  const asked: string[] = [];
  const ask = askOnce({
    power: {
      power: (window, meter) => {
        asked.push(`power ${meter ?? '-'}`);
        return Promise.resolve(world.power(window));
      },
    },
    latency: {
      latency: (window, mesh) => {
        asked.push(`latency ${mesh ?? '-'}`);
        return Promise.resolve(world.latency(window));
      },
    },
    load: {
      load: (window) => {
        asked.push('load');
        return Promise.resolve(world.load(window));
      },
    },
  });
  await ask(windowAt(0));
  await ask(windowAt(0), { meter: undefined, mesh: undefined });
  await ask(windowAt(0), { mesh: 'Weave' });
  await ask(windowAt(0), { meter: 'Wattson', mesh: 'Weave' });
  assert.deepEqual(asked, ['power -', 'latency -', 'load', 'latency Weave', 'power Wattson']);
  // What is too old differs, and with it everything that is read.
  await ask(windowAt(0), { staleAfterSeconds: 300 });
  await ask(windowAt(0), { staleAfterSeconds: 300, mesh: 'Weave' });
  assert.deepEqual(asked.slice(5), ['power -', 'latency -', 'load', 'latency Weave']);
});

void test('a preset that cannot be answered does not silence the others', async () => {
  const world = new World(1);
  const ask = askOnce({
    power: {
      power: (window, meter) =>
        meter === 'Slow' ? Promise.reject(new Error('slow')) : Promise.resolve(world.power(window)),
    },
    latency: { latency: (window) => Promise.resolve(world.latency(window)) },
    load: { load: (window) => Promise.resolve(world.load(window)) },
  });
  for (const from of [0, 1, 2, 3, 4]) {
    await assert.rejects(ask(windowAt(from), { meter: 'Slow' }), /slow/);
    assert.ok((await ask(windowAt(from))).power.nodeWatts.size > 0);
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { queriedCarbon, staticCarbon } from '#telemetry/energy/carbon.ts';
import type { Reading } from '#telemetry/reading/reading.ts';

const window = { from: 0, to: 60_000 };
const nodes = () => [
  { name: 'a', zone: 'eu-1' },
  { name: 'b', zone: 'us-1' },
  { name: 'c', zone: undefined },
];

function show(readings: ReadonlyMap<string, Reading>): Record<string, number | string> {
  return Object.fromEntries(
    [...readings].map(([name, one]) => [name, one.kind === 'measured' ? one.value : one.reason]),
  );
}

describe('a table', () => {
  test('tells of every node by its zone, and of the rest by its default', async () => {
    const source = staticCarbon({ 'eu-1': 40, default: 400 }, nodes);
    assert.deepEqual(show(await source.intensity(window)), { a: 40, b: 400, c: 400 });
  });

  test('without a default knows nothing of other zones: absent, not 0', async () => {
    const source = staticCarbon({ 'us-1': 0 }, nodes);
    assert.deepEqual(show(await source.intensity(window)), { a: 'absent', b: 0, c: 'absent' });
  });

  test('is no measurement', async () => {
    const reading = (await staticCarbon({ default: 1 }, nodes).intensity(window)).get('a');
    assert.ok(reading?.kind === 'measured' && reading.quality === 'modelled');
  });
});

describe('a query', () => {
  const how = { query: 'grid_intensity', zoneLabel: 'zone' };
  const asked = (vector: readonly { labels: Record<string, string>; value: number }[]) =>
    queriedCarbon(() => Promise.resolve(vector), how, { nodes });

  test('tells by zone; an answer without a zone holds for all others', async () => {
    const source = asked([
      { labels: { zone: 'eu-1' }, value: 55 },
      { labels: {}, value: 300 },
    ]);
    assert.deepEqual(show(await source.intensity(window)), { a: 55, b: 300, c: 300 });
  });

  test('asks once, at the end of the window', async () => {
    const times: number[] = [];
    const source = queriedCarbon(
      (query, time) => {
        assert.equal(query, 'grid_intensity');
        times.push(time);
        return Promise.resolve([]);
      },
      how,
      { nodes },
    );
    await source.intensity(window);
    assert.deepEqual(times, [60_000]);
  });

  test('absurd, NaN and silence are told apart, and a failure is none', async () => {
    const source = asked([
      { labels: { zone: 'eu-1' }, value: -5 },
      { labels: { zone: 'us-1' }, value: Number.NaN },
    ]);
    assert.deepEqual(show(await source.intensity(window)), {
      a: 'absurd',
      b: 'not-a-number',
      c: 'absent',
    });
    const warnings: string[] = [];
    const dead = queriedCarbon(() => Promise.reject(new Error('down')), how, {
      nodes,
      onWarning: (message) => warnings.push(message),
    });
    assert.deepEqual(show(await dead.intensity(window)), { a: 'absent', b: 'absent', c: 'absent' });
    assert.deepEqual(warnings, ['carbon intensity: down']);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '#telemetry/series/exposition.ts';
import { group, type Selection } from '#telemetry/series/selection.ts';
import { Snapshot } from '#telemetry/scrape/snapshot.ts';

const selection: Selection = {
  name: 'test',
  metric: 'a',
  where: { zone: ['x', 'y'] },
  present: ['pod'],
  equals: undefined,
  by: ['pod'],
  combine: 'sum',
};

function snapshot(text: string): Snapshot {
  return new Snapshot(1000, parseExposition(text).series);
}

const text = 'a{pod="p",zone="x"} 1\na{pod="p",zone="y"} 2\na{pod="q",zone="z"} 4\na{zone="x"} 8\n';

test('series are found by name and all labels, in any order', () => {
  const at = snapshot(text);
  assert.equal(at.value('a', { zone: 'y', pod: 'p' }), 2);
  assert.equal(at.value('a', { zone: 'y', pod: 'p', empty: '' }), 2);
  assert.equal(at.value('a', { zone: 'y' }), undefined);
  assert.equal(at.value('b', {}), undefined);
  assert.ok(Number.isNaN(snapshot('a NaN').value('a', {})));
  assert.equal([...at.series('a')].length, 4);
});

test('a selection filters and combines', () => {
  assert.deepEqual(snapshot(text).select(selection), [{ labels: { pod: 'p' }, value: 3 }]);
  assert.deepEqual(snapshot(text).select({ ...selection, combine: 'max' }), [
    { labels: { pod: 'p' }, value: 2 },
  ]);
  assert.deepEqual(snapshot(text).select({ ...selection, equals: 1 }), [
    { labels: { pod: 'p' }, value: 1 },
  ]);
  assert.deepEqual(snapshot('').select(selection), []);
});

test('a series that stands twice in a reply counts once', () => {
  const twice = snapshot('a{pod="p",zone="x"} 1\na{zone="x",pod="p"} 5\n');
  assert.deepEqual(twice.select(selection), [{ labels: { pod: 'p' }, value: 5 }]);
});

test('NaN spoils a sum but not a greatest value', () => {
  const samples = [Number.NaN, 3, Number.NaN].map((value) => ({ labels: {}, value }));
  assert.ok(Number.isNaN(group({ by: [], combine: 'sum' }, samples)[0]?.value));
  assert.equal(group({ by: [], combine: 'max' }, samples)[0]?.value, 3);
});

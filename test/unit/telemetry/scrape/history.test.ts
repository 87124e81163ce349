// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '#telemetry/scrape/history.ts';
import { ScrapeStore } from '#telemetry/scrape/store.ts';
import { loadQuestions } from '#telemetry/presets/questions.ts';
import { KEPLER } from '../support.ts';

const { usageRatio } = loadQuestions();
const limits = { retentionSeconds: 100, maximumScrapes: 5 };
const sample = (
  node: string,
  value: number,
): [typeof usageRatio, [{ labels: { node_name: string }; value: number }]] => [
  usageRatio,
  [{ labels: { node_name: node }, value }],
];

test('a history is bounded by number and by age', () => {
  const history = new History(limits);
  for (let i = 1; i <= 50; i += 1) history.add(i * 1000, new Map([sample('a', i)]));
  assert.equal(history.size, 5);
  assert.deepEqual(history.at(usageRatio, 60_000).samples, [
    { labels: { node_name: 'a' }, value: 50 },
  ]);
  assert.deepEqual(history.at(usageRatio, 47_500).time, 47_000);
  assert.deepEqual(history.at(usageRatio, 45_000).samples, []);
  history.forget(149_000);
  assert.equal(history.size, 2);
  history.forget(200_000);
  assert.equal(history.size, 0);
});

test('no sample is newest for longer than five minutes, nor from the future', () => {
  const history = new History({ ...limits, retentionSeconds: 3600 });
  history.add(1000, new Map([sample('a', 1)]));
  assert.deepEqual(history.at(usageRatio, 999).samples, []);
  assert.equal(history.at(usageRatio, 301_000).samples.length, 1);
  assert.equal(history.at(usageRatio, 301_001).samples.length, 0);
});

test('a scrape that is not newer than the last one is dropped', () => {
  const history = new History(limits);
  history.add(2000, new Map([sample('a', 1)]));
  history.add(2000, new Map([sample('a', 2)]));
  history.add(1000, new Map([sample('a', 3)]));
  assert.equal(history.size, 1);
  assert.equal(history.at(usageRatio, 2000).samples[0]?.value, 1);
});

test('series may come and go, and NaN stays NaN', () => {
  const history = new History(limits);
  history.add(1000, new Map([sample('a', 1)]));
  history.add(2000, new Map([sample('b', Number.NaN)]));
  history.add(3000, new Map([sample('a', 3)]));
  assert.deepEqual(history.at(usageRatio, 2500).samples, [
    { labels: { node_name: 'b' }, value: Number.NaN },
  ]);
  assert.equal(history.over(usageRatio, { from: 1000, to: 3000 }).length, 2);
});

test('an exporter that is gone has no newest sample, keeps its past, and is forgotten', async () => {
  const store = new ScrapeStore(limits);
  store.add(KEPLER, 1000, new Map([sample('a', 1)]));
  store.retain([], 2000);
  assert.deepEqual(await store.value(usageRatio, 2000), []);
  assert.equal((await store.value(usageRatio, 1500)).length, 1);
  assert.equal((await store.sum(usageRatio, { from: 0, to: 2000 }))[0]?.value, 1);
  assert.equal(store.size, 1);
  store.retain([], 200_000);
  assert.equal(store.size, 0);
  store.add(KEPLER, 201_000, new Map([sample('a', 2)]));
  assert.equal((await store.value(usageRatio, 201_000))[0]?.value, 2);
});

test('the answers of several exporters are combined, and the time is in milliseconds', async () => {
  const store = new ScrapeStore(limits);
  store.add(KEPLER, 1000, new Map([sample('a', 1)]));
  store.add({ ...KEPLER, url: 'http://10.0.0.2/' }, 1500, new Map([sample('a', 2)]));
  const window = { from: 0, to: 2000 };
  assert.equal((await store.sum(usageRatio, window))[0]?.value, 3);
  assert.equal((await store.count(usageRatio, window))[0]?.value, 2);
  assert.equal((await store.sampledAt(usageRatio, 2000))[0]?.value, 1500);
});

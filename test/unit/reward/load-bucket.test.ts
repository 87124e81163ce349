// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateBaseline } from '#reward/baseline.ts';
import { loadBucket } from '#reward/load-bucket.ts';

test('a load is low, normal or high against its own history', () => {
  const history = { mean: 100, variance: 400, weight: 20 };
  assert.equal(loadBucket(80, history), 'low');
  assert.equal(loadBucket(90, history), 'normal');
  assert.equal(loadBucket(110, history), 'normal');
  assert.equal(loadBucket(120, history), 'high');
});

test('a steady load is normal for all its noise', () => {
  const history = { mean: 100, variance: 0, weight: 20 };
  assert.equal(loadBucket(109, history), 'normal');
  assert.equal(loadBucket(111, history), 'high');
  assert.equal(loadBucket(89, history), 'low');
});

test('without history or without a load there is no bucket', () => {
  assert.equal(loadBucket(1, undefined), undefined);
  assert.equal(loadBucket(1, updateBaseline(undefined, 1)), undefined);
  const enough = { mean: 1, variance: 1, weight: 10 };
  assert.equal(loadBucket(undefined, enough), undefined);
  assert.equal(loadBucket(Number.NaN, enough), undefined);
  assert.equal(loadBucket(0, { mean: 0, variance: 0, weight: 10 }), 'normal');
});

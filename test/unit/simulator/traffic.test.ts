// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeCounts, ISTIO_BUCKETS, OUTSIDE, Traffic } from '#simulator/traffic.ts';

function bucketOf(seconds: number): string {
  const counts = new EdgeCounts();
  counts.record(seconds);
  const index = counts.buckets.indexOf(1);
  return index === ISTIO_BUCKETS.length ? '+Inf' : String(ISTIO_BUCKETS[index]);
}

test('durations are whole milliseconds, cut off, in 19 buckets and +Inf', () => {
  assert.equal(ISTIO_BUCKETS.length, 19);
  assert.equal(bucketOf(0.0009), '0.5');
  assert.equal(bucketOf(0.001), '1');
  assert.equal(bucketOf(0.0019), '1');
  assert.equal(bucketOf(0.002), '5');
  assert.equal(bucketOf(0.0101), '10');
  assert.equal(bucketOf(0.011), '25');
  assert.equal(bucketOf(3600), '3600000');
  assert.equal(bucketOf(3601), '+Inf');
});

test('edges are kept apart by peer and outcome', () => {
  const traffic = new Traffic();
  traffic.record(3, false, 0.0027);
  traffic.record(3, false, 0.0031);
  traffic.record(OUTSIDE, false, 0.001);
  traffic.record(3, true, 0.001);
  const edges = [...traffic.edges()].map(({ peer, failed, counts }) => [
    peer,
    failed,
    counts.count,
    counts.sumMilliseconds,
  ]);
  assert.deepEqual(edges, [
    [OUTSIDE, false, 1, 1],
    [3, false, 2, 5],
    [3, true, 1, 1],
  ]);
});

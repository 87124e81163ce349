// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrafficTable } from '#simulator/engine/traffic-table.ts';
import {
  EdgeCounts,
  ISTIO_BUCKETS,
  OUTSIDE,
  relayedEdge,
  relayedEnds,
  Traffic,
} from '#simulator/engine/traffic.ts';

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

test('a table of all Pods keeps what a Traffic of each keeps', () => {
  const table = new TrafficTable(4, 2);
  const single = [new Traffic(), new Traffic(), new Traffic()];
  const calls: [slot: number, peer: number, failed: boolean, seconds: number][] = [];
  for (let i = 0; i < 500; i++) {
    calls.push([i % 3, ((i * 7) % 5) - 1, i % 11 === 0, (i % 97) / 31]);
  }
  table.reserve(2);
  for (const [slot, peer, failed, seconds] of calls) {
    table.record(slot, peer, failed, seconds);
    single[slot]!.record(peer, failed, seconds);
  }
  for (const slot of [0, 1, 2]) {
    assert.deepEqual([...table.of(slot).edges()], [...single[slot]!.edges()]);
  }
  table.clear(1);
  assert.deepEqual([...table.of(1).edges()], []);
  assert.deepEqual([...table.of(2).edges()], [...single[2]!.edges()]);
  // What was cleared is used again, and empty.
  table.record(1, 2, false, 0.01);
  const [edge] = [...table.of(1).edges()];
  assert.deepEqual([edge!.peer, edge!.counts.count, edge!.counts.sumMilliseconds], [2, 1, 10]);
});

test('a relayed edge tells both of its ends', () => {
  for (const source of [OUTSIDE, 0, 6]) {
    for (const destination of [0, 3, 6]) {
      assert.deepEqual(relayedEnds(relayedEdge(source, destination, 7), 7), {
        source,
        destination,
      });
    }
  }
});

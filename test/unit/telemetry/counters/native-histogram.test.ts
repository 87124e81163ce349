// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
import { addUpBuckets, type Bucket, histogramQuantile } from '#telemetry/counters/histogram.ts';
import { classicBuckets, type NativeBucket } from '#telemetry/counters/native-histogram.ts';
import { readReply } from '#telemetry/prometheus/reply.ts';
import { bucketRises } from '#telemetry/counters/rises.ts';
import type { Sample } from '#telemetry/series/selection.ts';

/** A native histogram of these values: bounds at powers of `base`, empty buckets left out. */
function native(values: readonly number[], base: number): Sample[] {
  const counts = new Map<number, number>();
  for (const value of values) {
    const index = Math.ceil(Math.log(value) / Math.log(base) - 1e-9);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  const buckets = [...counts].map(([index, count]): NativeBucket => [
    0,
    base ** (index - 1),
    base ** index,
    count,
  ]);
  return classicBuckets({ pod: 'a' }, { count: values.length, buckets });
}

function latencies(count: number): number[] {
  const random = createGenerator('latencies');
  return Array.from({ length: count }, () => Math.exp(2 + 2 * random.next()));
}

function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(quantile * sorted.length)] ?? Number.NaN;
}

describe('native histograms', () => {
  const base = 2 ** (1 / 8);
  const all = latencies(20_000);

  test('p50 and p99 are those of the values, to half a bucket', () => {
    const rises = bucketRises({ before: [], after: native(all, base) }, 1, true)!;
    for (const quantile of [0.5, 0.99]) {
      const truth = quantileOf(all, quantile);
      const error = Math.abs(histogramQuantile(quantile, rises) - truth) / truth;
      assert.ok(error < (base - 1) / 2 + 0.01, `${quantile}: ${error}`);
    }
  });

  test('a gap between buckets is not filled by interpolation', () => {
    const sparse = native([...Array<number>(90).fill(1), ...Array<number>(10).fill(100)], 2);
    const rises = bucketRises({ before: [], after: sparse }, 1, true)!;
    assert.ok(histogramQuantile(0.91, rises) >= 64);
  });

  test('only the window counts, also when the resolution fell inside it', () => {
    const [old, fresh] = [all.slice(0, 5000), all.slice(5000).map((value) => value * 10)];
    const before = native(old, base);
    const after = native([...old, ...fresh], base ** 2);
    const rises = bucketRises({ before, after }, 1, false)!;
    assert.equal(rises.at(-1)?.count, fresh.length);
    const truth = quantileOf(fresh, 0.5);
    const error = Math.abs(histogramQuantile(0.5, rises) - truth) / truth;
    assert.ok(error < base ** 2 - 1, String(error));
  });

  test('a restart is no rise, and neither is the past of a form that was not there before', () => {
    const after = native([5, 6], base);
    assert.equal(bucketRises({ before: native(all, base), after }, 1, false), undefined);
    const classic: Sample[] = [{ labels: { pod: 'a', le: '+Inf' }, value: 2 }];
    assert.equal(bucketRises({ before: classic, after }, 1, false), undefined);
  });

  test('an exporter with both forms is read in the native one, not in both', () => {
    const classic: Sample[] = [
      { labels: { pod: 'a', le: '5' }, value: 1 },
      { labels: { pod: 'a', le: '+Inf' }, value: 2 },
    ];
    const rises = bucketRises(
      { before: [], after: [...classic, ...native([5, 6, 7], base)] },
      1,
      true,
    )!;
    assert.equal(rises.at(-1)?.count, 3);
  });

  test('seconds become milliseconds', () => {
    const rises = bucketRises({ before: [], after: native([0.01, 0.02], base) }, 1000, true)!;
    assert.ok(histogramQuantile(0.99, rises) > 15);
  });
});

test('the reply of a server: a native histogram becomes the buckets of a classic one', () => {
  const { vector } = readReply(
    JSON.stringify({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          {
            metric: { pod: 'a' },
            histogram: [
              120,
              {
                count: '6',
                sum: '9.5',
                buckets: [
                  [3, '-0.001', '0.001', '1'],
                  [0, '1', '2', '2'],
                  [0, '4', '8', '3'],
                ],
              },
            ],
          },
        ],
      },
    }),
  );
  assert.deepEqual(
    vector.map(({ labels, value }) => [labels['pod'], labels['le'], value]),
    [
      ['a', '-0.001', 0],
      ['a', '0.001', 1],
      ['a', '1', 1],
      ['a', '2', 3],
      ['a', '4', 3],
      ['a', '8', 6],
      ['a', '+Inf', 6],
    ],
  );
});

test('a broken histogram is refused', () => {
  for (const histogram of [
    [1],
    [1, { count: 'x', buckets: [] }],
    [1, { count: '1', buckets: [[1, '2']] }],
    [1, { count: '1', buckets: 'x' }],
  ]) {
    const body = { resultType: 'vector', result: [{ metric: {}, histogram }] };
    assert.throws(() => readReply(JSON.stringify({ status: 'success', data: body })), {
      code: 'PERI_TELEMETRY_UNAVAILABLE',
    });
  }
});

test('histograms of other bounds add up', () => {
  const one: Bucket[] = [
    { bound: 1, count: 2 },
    { bound: Infinity, count: 4 },
  ];
  const two: Bucket[] = [
    { bound: 2, count: 3 },
    { bound: Infinity, count: 3 },
  ];
  const byBound = new Map(addUpBuckets([one, two]).map(({ bound, count }) => [bound, count]));
  assert.deepEqual([byBound.get(1), byBound.get(2), byBound.get(Infinity)], [2, 5, 7]);
  assert.deepEqual(addUpBuckets([]), []);
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bucket, bucketBound, histogramQuantile } from '#telemetry/counters/histogram.ts';
import fc from 'fast-check';

const buckets: Bucket[] = [
  { bound: 5, count: 0 },
  { bound: 10, count: 50 },
  { bound: 25, count: 90 },
  { bound: Infinity, count: 100 },
];

test('a quantile is interpolated inside its bucket, as Prometheus does', () => {
  assert.equal(histogramQuantile(0.5, buckets), 10);
  assert.equal(histogramQuantile(0.25, buckets), 7.5);
  assert.equal(histogramQuantile(0.7, buckets), 17.5);
  assert.equal(
    histogramQuantile(0, [
      { bound: 10, count: 4 },
      { bound: Infinity, count: 4 },
    ]),
    0,
  );
  assert.equal(
    histogramQuantile(0.5, [
      { bound: 10, count: 4 },
      { bound: Infinity, count: 4 },
    ]),
    5,
  );
});

test('beyond the last finite bound the answer is that bound', () => {
  assert.equal(histogramQuantile(0.99, buckets), 25);
});

test('a first bucket that ends at or below 0 answers its bound', () => {
  const negative = [
    { bound: -1, count: 10 },
    { bound: Infinity, count: 10 },
  ];
  assert.equal(histogramQuantile(0.5, negative), -1);
});

test('without observations, +Inf or two buckets there is no quantile', () => {
  assert.ok(Number.isNaN(histogramQuantile(0.5, [])));
  assert.ok(Number.isNaN(histogramQuantile(0.5, buckets.slice(0, 3))));
  assert.ok(Number.isNaN(histogramQuantile(0.5, buckets.slice(3))));
  assert.ok(
    Number.isNaN(
      histogramQuantile(
        0.5,
        buckets.map((b) => ({ ...b, count: 0 })),
      ),
    ),
  );
  assert.ok(Number.isNaN(histogramQuantile(Number.NaN, buckets)));
  assert.equal(histogramQuantile(-0.1, buckets), -Infinity);
  assert.equal(histogramQuantile(1.1, buckets), Infinity);
});

test('order does not matter, equal bounds are added up, falling counts are raised', () => {
  assert.equal(histogramQuantile(0.7, [...buckets].reverse()), 17.5);
  const halves = buckets.flatMap((b) =>
    [b, b].map(({ bound, count }) => ({ bound, count: count / 2 })),
  );
  assert.equal(histogramQuantile(0.7, halves), 17.5);
  const dented = [...buckets.slice(0, 2), { bound: 15, count: 40 }, ...buckets.slice(2)];
  assert.equal(histogramQuantile(0.5, dented), 10);
});

test('the quantile lies in the bucket of the exact quantile of the observations', () => {
  const bounds = [1, 2, 5, 10, 20, 50, 100];
  const values = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, quantile) => {
      const filled = [...bounds, Infinity].map((bound) => ({
        bound,
        count: list.filter((value) => value <= bound).length,
      }));
      const sorted = [...list].sort((a, b) => a - b);
      const exact = sorted[Math.min(list.length, Math.ceil(quantile * list.length)) - 1]!;
      const upper = bounds.find((bound) => exact <= bound)!;
      const lower = bounds[bounds.indexOf(upper) - 1] ?? 0;
      const estimate = histogramQuantile(quantile, filled);
      assert.ok(estimate >= lower && estimate <= upper, `${estimate} not in ${lower}..${upper}`);
    }),
  );
});

test('bounds of labels', () => {
  assert.equal(bucketBound('+Inf'), Infinity);
  assert.equal(bucketBound('1e+06'), 1_000_000);
  assert.ok(Number.isNaN(bucketBound('')));
  assert.ok(Number.isNaN(bucketBound('x')));
});

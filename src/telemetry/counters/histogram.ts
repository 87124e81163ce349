// SPDX-License-Identifier: Apache-2.0

/** A cumulative bucket: how many observations were at most `bound`. */
export interface Bucket {
  /** Upper bound (`le`), inclusive; the last one is +Infinity. */
  readonly bound: number;
  readonly count: number;
}

/** The bound of a `le` label; `1e+06` and `1000000` are one bound. */
export function bucketBound(le: string): number {
  if (le === '+Inf') return Infinity;
  return le === '' ? Number.NaN : Number(le);
}

/**
 * Several cumulative histograms as one. Their bounds may differ (native ones hold only buckets in
 * use): what one of them has up to a bound is read off its nearest bound that is not beyond.
 */
export function addUpBuckets(histograms: readonly (readonly Bucket[])[]): readonly Bucket[] {
  const [only, ...others] = histograms;
  if (only === undefined || others.length === 0) return only ?? [];
  const bounds = [...new Set(histograms.flatMap((one) => one.map(({ bound }) => bound)))];
  return bounds.map((bound) => ({
    bound,
    count: histograms.reduce(
      (sum, one) => sum + (one.findLast((bucket) => bucket.bound <= bound)?.count ?? 0),
      0,
    ),
  }));
}

/**
 * The quantile of a histogram exactly as Prometheus' `histogram_quantile` defines it: linear
 * interpolation inside the bucket that holds the rank, from 0 in the first one; the highest
 * finite bound if the rank lies beyond it; NaN without observations, without a +Inf bucket or
 * with fewer than two buckets. Buckets of one bound are added up, and a count below that of a
 * lower bound is raised to it. They may come in any order.
 */
export function histogramQuantile(quantile: number, buckets: readonly Bucket[]): number {
  if (Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  const sorted = monotonic(buckets);
  const last = sorted.at(-1);
  if (last?.bound !== Infinity || sorted.length < 2 || !(last.count > 0)) return Number.NaN;
  return interpolate(sorted, quantile * last.count);
}

function interpolate(sorted: readonly Bucket[], rank: number): number {
  let lower: Bucket | undefined;
  for (const bucket of sorted.slice(0, -1)) {
    if (bucket.count >= rank) {
      if (lower === undefined && bucket.bound <= 0) return bucket.bound;
      const start = lower?.bound ?? 0;
      const below = lower?.count ?? 0;
      return start + (bucket.bound - start) * ((rank - below) / (bucket.count - below));
    }
    lower = bucket;
  }
  return lower?.bound ?? Number.NaN;
}

/** Sorted by bound, one bucket per bound, counts never falling. */
function monotonic(buckets: readonly Bucket[]): Bucket[] {
  const byBound = new Map<number, number>();
  for (const { bound, count } of buckets) {
    if (!Number.isNaN(bound)) byBound.set(bound, (byBound.get(bound) ?? 0) + count);
  }
  const sorted: Bucket[] = [];
  let highest = 0;
  for (const [bound, count] of [...byBound].sort(([a], [b]) => a - b)) {
    highest = Math.max(highest, count);
    sorted.push({ bound, count: highest });
  }
  return sorted;
}

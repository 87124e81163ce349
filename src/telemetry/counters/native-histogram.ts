// SPDX-License-Identifier: Apache-2.0
import { NATIVE_LABEL, type Sample } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';

/** A bucket as Prometheus' API shows it: rule of its bounds, lower, upper, count. */
export type NativeBucket = readonly [rule: number, lower: number, upper: number, count: number];

/**
 * A native histogram in the form of a classic one: cumulative counts under `le`, so that one
 * reader serves both. Empty buckets are not in a native histogram; the lower bound of each bucket
 * after a gap is added, or interpolation would spread its observations over the gap.
 */
export function classicBuckets(
  labels: Labels,
  histogram: { readonly count: number; readonly buckets: readonly NativeBucket[] },
): Sample[] {
  const samples: Sample[] = [];
  const add = (le: string, value: number): void => {
    samples.push({ labels: { ...labels, le, [NATIVE_LABEL]: 'true' }, value });
  };
  let counted = 0;
  let last = -Infinity;
  for (const [, lower, upper, count] of [...histogram.buckets].sort((a, b) => a[1] - b[1])) {
    if (lower > last && Number.isFinite(lower)) add(String(lower), counted);
    counted += count;
    if (Number.isFinite(upper)) add(String(upper), counted);
    last = upper;
  }
  add('+Inf', histogram.count);
  return samples;
}

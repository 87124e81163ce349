// SPDX-License-Identifier: Apache-2.0
import { type Bucket, bucketBound } from './histogram.ts';
import { NATIVE_LABEL, type Sample, type Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';

/** The series of one process at both ends; undefined = that end could not be read. */
export interface Ends {
  readonly before: readonly Sample[] | undefined;
  readonly after: readonly Sample[] | undefined;
}

/** Splits two vectors by a key: the ends of each. */
export function pairUp(
  before: Vector | undefined,
  after: Vector | undefined,
  keyOf: (labels: Labels) => string,
): (key: string) => Ends {
  const index = (vector: Vector | undefined): ReadonlyMap<string, Sample[]> | undefined =>
    vector && Map.groupBy(vector, ({ labels }) => keyOf(labels));
  const [first, last] = [index(before), index(after)];
  return (key) => ({
    before: first && (first.get(key) ?? []),
    after: last && (last.get(key) ?? []),
  });
}

/** Why counters do not tell what was counted between two readings. */
export type CountersProblem = 'absurd' | 'all-zero' | 'fell';

/**
 * What makes it impossible that counters tell the truth; undefined = nothing. Whoever has counted
 * shows more than 0, so counters that are there and all 0 are not where counting began: from them
 * the whole past would count as this window's. One that fell lost what was counted before: its
 * process restarted, or it is a sum that lost a part (a proxy forgets an idle client, one of two
 * servers that were added up is gone), and then what is left is the past of the others.
 */
export function countersProblem(
  ends: Ends,
  identity: (labels: Labels) => string,
  greatest: number,
): CountersProblem | undefined {
  const before = ends.before ?? [];
  const after = ends.after ?? [];
  if ([...before, ...after].some(({ value }) => value > greatest || value < 0)) return 'absurd';
  const atZero = (samples: readonly Sample[]): boolean => samples.every(({ value }) => value === 0);
  if (before.length > 0 && atZero(before) && !atZero(after)) return 'all-zero';
  const rises = risesOf(ends, identity) ?? [];
  return rises.some(({ value }) => value < 0) ? 'fell' : undefined;
}

/**
 * The rises of the series of one process between two readings. One that was not there before began
 * at 0; whether any of them fell {@link countersProblem} tells.
 */
export function risesOf(
  ends: Ends,
  identity: (labels: Labels) => string,
): readonly Sample[] | undefined {
  if (ends.before === undefined || ends.after === undefined) return undefined;
  const before = new Map(ends.before.map(({ labels, value }) => [identity(labels), value]));
  return ends.after.map(({ labels, value }) => ({
    labels,
    value: value - (before.get(identity(labels)) ?? 0),
  }));
}

/**
 * The rise of a histogram, classic or native, as cumulative buckets in the unit of the reader. If
 * an exporter shows both forms the native one is read. The buckets of a native histogram may be
 * others at the end than at the start (its resolution falls when there are too many), so that
 * what was counted up to a bound before is read off the nearest bound that was there.
 * @param began nothing was counted before the window, so that no buckets are buckets at 0
 * @returns undefined where an end could not be read, or its buckets fell.
 */
export function bucketRises(
  ends: Ends,
  unit: number,
  began: boolean,
): readonly Bucket[] | undefined {
  if (ends.before === undefined || ends.after === undefined) return undefined;
  const native = ends.after.some(({ labels }) => labels[NATIVE_LABEL]);
  const before = bucketsOf(ends.before, native);
  const after = bucketsOf(ends.after, native);
  if (before.length === 0 && after.length > 0 && !began) return undefined;
  const total = (buckets: readonly Bucket[]): number => buckets.at(-1)?.count ?? 0;
  const fell = native
    ? total(after) < total(before)
    : after.some(({ bound, count }) => count < upTo(before, bound));
  if (fell) return undefined;
  return after.map(({ bound, count }) => ({
    bound: bound * unit,
    count: Math.max(0, count - upTo(before, bound)),
  }));
}

function bucketsOf(samples: readonly Sample[], native: boolean): readonly Bucket[] {
  const byBound = new Map<number, number>();
  for (const { labels, value } of samples) {
    if (Boolean(labels[NATIVE_LABEL]) !== native) continue;
    const bound = bucketBound(labels['le'] ?? '');
    byBound.set(bound, (byBound.get(bound) ?? 0) + value);
  }
  return [...byBound].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound);
}

/** What was counted up to a bound: at the greatest known bound that is not beyond it. */
function upTo(buckets: readonly Bucket[], bound: number): number {
  return buckets.findLast((one) => one.bound <= bound)?.count ?? 0;
}

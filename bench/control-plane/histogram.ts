// SPDX-License-Identifier: Apache-2.0

/** What a cumulative histogram of a Kubernetes program said at one moment. */
export interface Histogram {
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  /** Upper bounds in seconds, ascending, with the observations up to each. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
}

/** Mean and 99th percentile in milliseconds; undefined without an observation. */
export interface Latency {
  readonly calls: number;
  readonly meanMilliseconds: number;
  readonly p99Milliseconds: number;
}

/**
 * Reads a histogram from a metrics page, summed over all series that carry the label.
 *
 * @param label for example `name="placement.perihelion.dev"`; empty = every series
 */
export function histogramIn(page: string, name: string, label: string): Histogram {
  let count = 0;
  let sum = 0;
  const buckets = new Map<number, number>();
  for (const line of page.split('\n')) {
    if (!line.startsWith(name) || !line.includes(label)) continue;
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    const suffix = line.slice(name.length, line.indexOf('{'));
    if (suffix === '_count') count += value;
    if (suffix === '_sum') sum += value;
    const bound = suffix === '_bucket' ? /[{,]le="([^"]+)"/.exec(line)?.[1] : undefined;
    if (bound === undefined) continue;
    const seconds = bound === '+Inf' ? Infinity : Number(bound);
    buckets.set(seconds, (buckets.get(seconds) ?? 0) + value);
  }
  return { count, sum, buckets: [...buckets].sort(([a], [b]) => a - b) };
}

/** What came in between two moments. */
export function between(before: Histogram, after: Histogram): Histogram {
  const old = new Map(before.buckets);
  return {
    count: after.count - before.count,
    sum: after.sum - before.sum,
    buckets: after.buckets.map(([bound, count]) => [bound, count - (old.get(bound) ?? 0)]),
  };
}

/** The percentile as Prometheus' `histogram_quantile` has it: straight lines within buckets. */
export function latencyOf({ count, sum, buckets }: Histogram): Latency | undefined {
  if (count === 0) return undefined;
  const rank = 0.99 * count;
  let below = 0;
  let from = 0;
  for (const [bound, upTo] of buckets) {
    if (upTo >= rank) {
      const share = upTo === below ? 1 : (rank - below) / (upTo - below);
      const seconds = Number.isFinite(bound) ? from + share * (bound - from) : from;
      return {
        calls: count,
        meanMilliseconds: (1000 * sum) / count,
        p99Milliseconds: 1000 * seconds,
      };
    }
    below = upTo;
    from = bound;
  }
  return undefined;
}

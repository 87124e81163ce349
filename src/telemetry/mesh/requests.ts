// SPDX-License-Identifier: Apache-2.0
import { hasFailed } from './failure.ts';
import { addUpBuckets, type Bucket, histogramQuantile } from '#telemetry/counters/histogram.ts';
import type { ReadingOptions } from '#telemetry/reading/options.ts';
import type { Missing, Reading } from '#telemetry/reading/reading.ts';
import type { Sample } from '#telemetry/series/selection.ts';
import type { PodLatency } from '#telemetry/reading/source.ts';
import { missing, type Span } from '#telemetry/reading/span.ts';

/** What one process counted in a window. */
export interface Counted {
  readonly span: Span;
  /** Rises of the counters of requests; their labels tell how these ended. */
  readonly answered: readonly Sample[];
  /** Rises of the buckets, cumulative, in milliseconds; undefined = could not be read. */
  readonly buckets: readonly Bucket[] | undefined;
}

/**
 * Requests, quantiles and errors of one Pod, or of a workload whose requests several processes
 * counted: then all are added up, and one that is missing makes the whole missing, because a part
 * of the requests would pass for all of them.
 */
export function requestReadings(
  subject: string,
  counted: readonly (Counted | Missing)[],
  options: ReadingOptions,
): PodLatency {
  const all: Counted[] = [];
  for (const one of counted) {
    if ('kind' in one) return allMissing({ ...one, detail: `${subject}: ${one.detail}` });
    all.push(one);
  }
  const [first] = all;
  if (first === undefined) return allMissing(missing('absent', `${subject}: nobody counts it`));
  const reader = { subject, options, span: commonSpan(all) };
  const answered = all.flatMap((one) => one.answered);
  const total = sum(answered);
  const failed = sum(answered.filter(({ labels }) => hasFailed(labels)));
  return {
    requests: measured(reader, { value: total, samples: total }),
    errorRatio:
      tooFew(reader, total) ?? measured(reader, { value: failed / total, samples: total }),
    ...quantiles(reader, all),
  };
}

interface Reader {
  readonly subject: string;
  readonly options: ReadingOptions;
  readonly span: Span;
}

/** Mean length, worst age. */
function commonSpan(all: readonly Counted[]): Span {
  const seconds = all.reduce((total, { span }) => total + span.seconds, 0) / all.length;
  return { kind: 'span', seconds, ageSeconds: Math.max(...all.map(({ span }) => span.ageSeconds)) };
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

function allMissing(reason: Missing): PodLatency {
  return {
    requests: reason,
    p50Milliseconds: reason,
    p99Milliseconds: reason,
    errorRatio: reason,
  };
}

function measured(
  { subject, span }: Reader,
  { value, samples }: { readonly value: number; readonly samples: number },
): Reading {
  if (!Number.isFinite(value) || !Number.isFinite(samples)) {
    return missing('not-a-number', `${subject}: ${value} out of ${samples} requests`);
  }
  return {
    kind: 'measured',
    value,
    windowSeconds: span.seconds,
    samples,
    ageSeconds: span.ageSeconds,
    quality: 'measured',
  };
}

function tooFew({ subject, options }: Reader, requests: number): Missing | undefined {
  const least = Math.max(1, options.minimumRequests);
  if (requests >= least || Number.isNaN(requests)) return undefined;
  const detail = `${subject}: ${requests} requests in the window, ${least} needed`;
  return missing('too-few-samples', detail);
}

function quantiles(
  reader: Reader,
  all: readonly Counted[],
): Pick<PodLatency, 'p50Milliseconds' | 'p99Milliseconds'> {
  const buckets = addUpBuckets(all.map((one) => one.buckets ?? []));
  if (buckets.length === 0 || all.some((one) => one.buckets === undefined)) {
    const reason = missing('absent', `${reader.subject}: no durations of requests`);
    return { p50Milliseconds: reason, p99Milliseconds: reason };
  }
  const samples = buckets
    .filter(({ bound }) => bound === Infinity)
    .reduce((total, { count }) => total + count, 0);
  const few = tooFew(reader, samples);
  const read = (quantile: number): Reading =>
    few ?? measured(reader, { value: histogramQuantile(quantile, buckets), samples });
  return { p50Milliseconds: read(0.5), p99Milliseconds: read(0.99) };
}

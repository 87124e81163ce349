// SPDX-License-Identifier: Apache-2.0
import { counterDelta } from './counter.ts';
import { readEdges } from './edges.ts';
import { type Bucket, bucketBound, histogramQuantile } from './histogram.ts';
import type { ReadingOptions } from './options.ts';
import { type Endpoint, endpointKey, endpointTimes } from './endpoint.ts';
import type { Missing, Reading } from './reading.ts';
import type { Sample, Vector } from './selection.ts';
import type { LatencyWindow, PodLatency, Window } from './source.ts';
import { missing, type Span, spanOf } from './span.ts';
import type { Answers } from './vector-source.ts';

/** What is asked about requests; see `questions.ts`. */
export type LatencyAnswers = Answers<
  | 'newestBefore'
  | 'newestAfter'
  | 'upBefore'
  | 'requestsBefore'
  | 'requestsAfter'
  | 'bucketsBefore'
  | 'bucketsAfter'
  | 'callsBefore'
  | 'callsAfter'
  | 'connectionsBefore'
  | 'connectionsAfter'
>;

/** gRPC codes that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, ... */
const FAILED_GRPC = new Set(['2', '4', '8', '13', '14', '15']);

/**
 * Whether a response counts as failed: 5xx, no response at all (`0`, unlike Istio's own
 * dashboards), or a gRPC code that is the server's fault (its HTTP code is 200 all the same).
 */
export function isFailure(responseCode: string, grpcStatus: string): boolean {
  return /^5\d\d$/.test(responseCode) || responseCode === '0' || FAILED_GRPC.has(grpcStatus);
}

/**
 * Requests and latency of every Pod with a sidecar, as its own sidecar reports them
 * (`reporter="destination"`), and who calls whom. A Pod that several jobs scrape is read once.
 */
export function readLatency(
  answers: LatencyAnswers,
  window: Window,
  options: ReadingOptions,
): LatencyWindow {
  const requests = pairUp(answers.requestsBefore, answers.requestsAfter);
  const buckets = pairUp(answers.bucketsBefore, answers.bucketsAfter);
  const pods = new Map<string, PodLatency>();
  const usable = new Set<string>();
  for (const endpoint of endpointTimes(answers)) {
    const span = spanOf(window, endpoint, {
      staleAfterSeconds: options.staleAfterSeconds,
      subject: `sidecar of ${endpoint.pod}`,
    });
    if (span.kind === 'span') usable.add(endpoint.key);
    const reader = { endpoint, span, options };
    pods.set(endpoint.pod, readPod(reader, requests(endpoint.key), buckets(endpoint.key)));
  }
  return { pods, edges: readEdges(answers, usable) };
}

/** The series of one endpoint at both ends; undefined = that end could not be read. */
interface Ends {
  readonly before: readonly Sample[] | undefined;
  readonly after: readonly Sample[] | undefined;
}

function pairUp(before: Vector | undefined, after: Vector | undefined): (key: string) => Ends {
  const index = (vector: Vector | undefined): ReadonlyMap<string, Sample[]> | undefined =>
    vector && Map.groupBy(vector, ({ labels }) => endpointKey(labels));
  const [first, last] = [index(before), index(after)];
  return (key) => ({
    before: first && (first.get(key) ?? []),
    after: last && (last.get(key) ?? []),
  });
}

/** A rise of one series; `labels` tell which. */
interface Rise {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The rises of the series of one process between two readings. They are reset together: where
 * one fell, all of them began anew at 0. A series that was not there before began at 0, too.
 */
function risesOf(ends: Ends, identity: (sample: Sample) => string): readonly Rise[] | undefined {
  if (ends.before === undefined || ends.after === undefined) return undefined;
  const before = new Map(ends.before.map((sample) => [identity(sample), sample.value]));
  const reset = ends.after.some((sample) => sample.value < (before.get(identity(sample)) ?? 0));
  return ends.after.map((sample) => ({
    labels: sample.labels,
    value: counterDelta(reset ? 0 : (before.get(identity(sample)) ?? 0), sample.value),
  }));
}

interface PodReader {
  readonly endpoint: Endpoint;
  readonly span: Span | Missing;
  readonly options: ReadingOptions;
}

function readPod(reader: PodReader, requests: Ends, buckets: Ends): PodLatency {
  const { endpoint, span } = reader;
  if (span.kind === 'missing') return allMissing(span);
  const answers = risesOf(requests, ({ labels }) =>
    [labels['response_code'], labels['grpc_response_status']].join('/'),
  );
  if (answers === undefined) {
    const detail = `${endpoint.pod}: requests could not be read at both ends of the window`;
    return allMissing(missing('absent', detail));
  }
  const total = answers.reduce((sum, { value }) => sum + value, 0);
  const failed = answers
    .filter(({ labels }) =>
      isFailure(labels['response_code'] ?? '', labels['grpc_response_status'] ?? ''),
    )
    .reduce((sum, { value }) => sum + value, 0);
  return {
    requests: measured(reader, span, { value: total, samples: total }),
    errorRatio: ratio(reader, span, { failed, total }),
    ...quantiles(reader, span, buckets),
  };
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
  reader: PodReader,
  span: Span,
  number: { readonly value: number; readonly samples: number },
): Reading {
  const { value, samples } = number;
  if (!Number.isFinite(value) || !Number.isFinite(samples)) {
    return missing('not-a-number', `${reader.endpoint.pod}: ${value} out of ${samples} requests`);
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

function tooFew(reader: PodReader, requests: number): Missing | undefined {
  const least = Math.max(1, reader.options.minimumRequests);
  if (requests >= least || Number.isNaN(requests)) return undefined;
  const detail = `${reader.endpoint.pod}: ${requests} requests in the window, ${least} needed`;
  return missing('too-few-samples', detail);
}

function ratio(
  reader: PodReader,
  span: Span,
  counts: { readonly failed: number; readonly total: number },
): Reading {
  const { failed, total } = counts;
  return tooFew(reader, total) ?? measured(reader, span, { value: failed / total, samples: total });
}

function quantiles(
  reader: PodReader,
  span: Span,
  ends: Ends,
): Pick<PodLatency, 'p50Milliseconds' | 'p99Milliseconds'> {
  const rises = risesOf(ends, ({ labels }) => String(bucketBound(labels['le'] ?? '')));
  if (rises === undefined || rises.length === 0) {
    const reason = missing('absent', `${reader.endpoint.pod}: no durations of requests`);
    return { p50Milliseconds: reason, p99Milliseconds: reason };
  }
  const buckets: Bucket[] = rises.map(({ labels, value }) => ({
    bound: bucketBound(labels['le'] ?? ''),
    count: value,
  }));
  const samples = buckets
    .filter(({ bound }) => bound === Infinity)
    .reduce((sum, { count }) => sum + count, 0);
  const few = tooFew(reader, samples);
  const read = (quantile: number): Reading =>
    few ?? measured(reader, span, { value: histogramQuantile(quantile, buckets), samples });
  return { p50Milliseconds: read(0.5), p99Milliseconds: read(0.99) };
}

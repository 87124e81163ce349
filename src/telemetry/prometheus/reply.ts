// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { classicBuckets, type NativeBucket } from '#telemetry/counters/native-histogram.ts';
import type { Sample, Vector } from '#telemetry/series/selection.ts';

/** What an instant query answered. */
export interface PrometheusReply {
  readonly vector: Vector;
  /** Remarks of the server. */
  readonly warnings: readonly string[];
  /** Why the answer is only a part of it, as the server says; undefined = it is whole. */
  readonly partial: string | undefined;
}

/**
 * Reads the body of an instant query. Values are strings in it, `NaN` and `+Inf` among them;
 * they are kept as they are, because what is not a number is not missing. Anything that is not a
 * vector is an error (`PERI_TELEMETRY_UNAVAILABLE`).
 */
export function readReply(text: string): PrometheusReply {
  const reply = asRecord(parse(text));
  if (reply?.['status'] !== 'success') {
    const error: unknown = reply?.['error'];
    throw garbage(typeof error === 'string' ? error : 'no success');
  }
  const data = asRecord(reply['data']);
  const result = data?.['result'];
  if (data?.['resultType'] !== 'vector' || !Array.isArray(result)) throw garbage('not a vector');
  const warnings = [reply['warnings'], reply['infos']].flatMap((list): readonly string[] =>
    Array.isArray(list) ? list.map(String) : [],
  );
  return { vector: result.flatMap(readSample), warnings, partial: partOf(reply) };
}

/**
 * A store, replica or remote server that did not answer is a warning (Thanos, Prometheus with remote
 * reading) or `isPartial` (VictoriaMetrics), and the status is success all the same. Remarks on the
 * query itself begin with `PromQL`.
 */
function partOf(reply: Record<string, unknown>): string | undefined {
  const { warnings, isPartial } = reply;
  const told = Array.isArray(warnings) ? warnings.map(String) : [];
  const lost = told.filter((warning) => !warning.startsWith('PromQL '));
  if (lost.length > 0) return lost.join('; ');
  return isPartial === true ? 'isPartial' : undefined;
}

/** One sample; a native histogram becomes the samples of a classic one. */
function readSample(entry: unknown): Sample[] {
  const sample = asRecord(entry);
  const metric = asRecord(sample?.['metric']);
  const value: unknown = sample?.['value'];
  const histogram: unknown = sample?.['histogram'];
  if (metric === undefined || !(Array.isArray(value) || Array.isArray(histogram))) {
    throw garbage('a sample without value');
  }
  const labels: Record<string, string> = {};
  for (const [name, label] of Object.entries(metric)) {
    if (typeof label !== 'string') throw garbage(`label ${name} is not a string`);
    labels[name] = label;
  }
  if (Array.isArray(histogram)) return classicBuckets(labels, readHistogram(histogram[1]));
  return [{ labels, value: readValue(Array.isArray(value) ? value[1] : undefined) }];
}

function readHistogram(entry: unknown): {
  readonly count: number;
  readonly buckets: readonly NativeBucket[];
} {
  const histogram = asRecord(entry);
  const buckets: unknown = histogram?.['buckets'] ?? [];
  if (!Array.isArray(buckets)) throw garbage('a histogram without buckets');
  return {
    count: readValue(histogram?.['count']),
    buckets: buckets.map((bucket: unknown): NativeBucket => {
      if (!Array.isArray(bucket) || bucket.length !== 4) throw garbage('a bucket of a histogram');
      const [rule, lower, upper, count] = bucket as unknown[];
      return [Number(rule), readValue(lower), readValue(upper), readValue(count)];
    }),
  };
}

function readValue(value: unknown): number {
  if (typeof value !== 'string' || value.trim() === '') throw garbage('a value is not a string');
  if (value === 'NaN') return Number.NaN;
  const number = Number(value.replace(/^([+-]?)Inf$/, '$1Infinity'));
  if (Number.isNaN(number)) throw garbage(`value ${value.slice(0, 40)}`);
  return number;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw garbage('not JSON', error);
  }
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function garbage(reason: string, cause?: unknown): PerihelionError {
  const message = `Prometheus answered with something unreadable: ${reason.slice(0, 200)}`;
  return new PerihelionError('PERI_TELEMETRY_UNAVAILABLE', message, { cause });
}

// SPDX-License-Identifier: Apache-2.0
import type { Attributes, Span, SpanKind } from './span.ts';

/** The path that receivers of OTLP over HTTP listen on. */
export const OTLP_TRACES_PATH = '/v1/traces';

/** Who tells: the attributes of the resource, and the instrumentation's own version. */
export interface Origin {
  readonly resource: Attributes;
  readonly version: string;
}

const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2 };
const STATUS_ERROR = 2;
/** Bits of `Span.flags`: sampled, whether it is known that the parent is remote, and that it is. */
const SAMPLED = 0x1;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const NANOSECONDS = 1_000_000;

/**
 * An ExportTraceServiceRequest in the JSON encoding of OTLP 1.x: ids in hex, 64-bit numbers as
 * decimal strings, enumerations as numbers.
 */
export function exportRequest(spans: readonly Span[], { resource, version }: Origin): string {
  const scope = { name: 'perihelion', version };
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [{ scope, spans: spans.map(encoded) }],
      },
    ],
  });
}

/** What a receiver did not take of a request that it answered with success; 0 = took all. */
export function rejectedSpans(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as {
      partialSuccess?: { rejectedSpans?: string | number } | null;
    };
    const count = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isInteger(count) && count > 0 ? count : 0;
  } catch {
    // An empty body, or protobuf in spite of what was asked: success is all that is known.
    return 0;
  }
}

function encoded(span: Span): object {
  const { traceId, spanId, parentSpanId, name, kind, attributes, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    flags: SAMPLED | HAS_IS_REMOTE | (span.remoteParent ? IS_REMOTE : 0),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(span.startMilliseconds),
    endTimeUnixNano: nanoseconds(Math.max(span.startMilliseconds, span.endMilliseconds)),
    attributes: keyValues(attributes),
    ...(error === undefined ? {} : { status: { code: STATUS_ERROR, message: error } }),
  };
}

function keyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  // The encoding of protobuf in JSON writes these as strings.
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

/** A number of nanoseconds since the epoch is beyond what a double holds. */
function nanoseconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const fraction = Math.floor((milliseconds - whole) * NANOSECONDS);
  return String(BigInt(whole) * BigInt(NANOSECONDS) + BigInt(fraction));
}

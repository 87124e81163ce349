// SPDX-License-Identifier: Apache-2.0

/** What a caller says of the trace that its call belongs to. */
export interface TraceContext {
  /** 32 hex digits, not all 0. */
  readonly traceId: string;
  /** 16 hex digits, not all 0. */
  readonly parentSpanId: string;
  /** Whether the caller records the trace. */
  readonly sampled: boolean;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NOTHING = /^0+$/;
/** No header of this standard is longer; of later versions only the beginning is read. */
const LONGEST = 512;

/**
 * Reads the header `traceparent` (W3C Trace Context, level 1, section 3.2). Of versions to come the
 * fields of version 00 are read, as the standard asks for.
 *
 * @returns undefined for none, and for one that the standard calls invalid
 */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string' || header.length > LONGEST) return undefined;
  const [, version, traceId, parentSpanId, flags, rest] = SHAPE.exec(header) ?? [];
  if (traceId === undefined || parentSpanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (NOTHING.test(traceId) || NOTHING.test(parentSpanId)) return undefined;
  return { traceId, parentSpanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

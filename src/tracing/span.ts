// SPDX-License-Identifier: Apache-2.0

/** Values that an attribute may have; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What a span is to the others: `server` answers a call, `internal` is a part of that. */
export type SpanKind = 'internal' | 'server';

/** A span that has ended. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Of the span it is a part of; undefined = the first of its trace. */
  readonly parentSpanId: string | undefined;
  /** Whether the parent is another process's. */
  readonly remoteParent: boolean;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMilliseconds: number;
  readonly endMilliseconds: number;
  readonly attributes: Attributes;
  /** Why it failed; undefined = it did not. */
  readonly error: string | undefined;
}

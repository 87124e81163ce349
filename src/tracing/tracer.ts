// SPDX-License-Identifier: Apache-2.0
import { RequestTrace } from './request-trace.ts';
import type { Span } from './span.ts';
import { parseTraceparent } from './trace-context.ts';

/** What a tracer is made with. */
export interface TracerOptions {
  /** Of the requests whose caller says nothing, the share that is traced; 0 to 1. */
  readonly share: number;
  /** Milliseconds since the epoch, of real time. */
  readonly now: () => number;
  /** A monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** So many random bytes in hex. */
  readonly randomHex: (bytes: number) => string;
  /** Takes what has ended; never waits and never throws. */
  readonly ended: (spans: readonly Span[]) => void;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Begins traces. Whoever calls decides whether a call is traced; without a word it is drawn. */
export class Tracer {
  readonly #options: TracerOptions;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /**
   * The trace of a request; undefined = it is not traced.
   *
   * @param name low cardinality: method and route
   * @param traceparent the header, as it came
   * @param startedAt when the request began, of the monotonic clock
   */
  begin(name: string, traceparent: unknown, startedAt: number): RequestTrace | undefined {
    const { share, now, elapsed, random, randomHex, ended } = this.#options;
    const parent = parseTraceparent(traceparent);
    if (!(parent?.sampled ?? random() < share)) return undefined;
    return new RequestTrace({
      name,
      parent,
      traceId: parent?.traceId ?? randomHex(TRACE_ID_BYTES),
      newSpanId: () => randomHex(SPAN_ID_BYTES),
      elapsed,
      // Taken anew for each: the time of day may be set while the process runs.
      epochMilliseconds: now() - elapsed(),
      startedAt,
      ended,
    });
  }
}

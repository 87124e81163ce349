// SPDX-License-Identifier: Apache-2.0
import type { Attributes, Span } from './span.ts';
import type { TraceContext } from './trace-context.ts';

/** What the trace of one request is made with. */
export interface RequestTraceOptions {
  readonly name: string;
  readonly traceId: string;
  /** The caller's; undefined = this trace begins here. */
  readonly parent: TraceContext | undefined;
  /** A fresh id of 16 hex digits. */
  readonly newSpanId: () => string;
  /** Monotonic, in milliseconds; added to {@link epochMilliseconds} it is the time of day. */
  readonly elapsed: () => number;
  readonly epochMilliseconds: number;
  /** Of the monotonic clock, when the request began. */
  readonly startedAt: number;
  /** Takes what has ended; never waits and never throws. */
  readonly ended: (spans: readonly Span[]) => void;
}

interface OpenStep {
  readonly name: string;
  readonly startedAt: number;
}

/**
 * The spans of one request: one for the whole and one for each step, one after the other. Nothing
 * leaves the process before {@link end}.
 */
export class RequestTrace {
  readonly #options: RequestTraceOptions;
  readonly #spanId: string;
  readonly #steps: Span[] = [];
  #attributes: Attributes = {};
  #open: OpenStep | undefined;
  #done = false;

  constructor(options: RequestTraceOptions) {
    this.#options = options;
    this.#spanId = options.newSpanId();
  }

  /** Ends the step under way and begins the next. */
  step(name: string): void {
    if (this.#done) return;
    const now = this.#options.elapsed();
    this.#closeStep(now);
    this.#open = { name, startedAt: now };
  }

  /** Adds attributes to the span of the whole request. */
  set(attributes: Attributes): void {
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  /** Ends everything. Once; later calls do nothing. @param error why the request failed */
  end(error?: string): void {
    if (this.#done) return;
    this.#done = true;
    const { elapsed, parent, name, startedAt, ended } = this.#options;
    const now = elapsed();
    this.#closeStep(now, error);
    const whole = this.#span({ name, startedAt }, now, error);
    ended([
      {
        ...whole,
        spanId: this.#spanId,
        kind: 'server',
        parentSpanId: parent?.parentSpanId,
        remoteParent: parent !== undefined,
        attributes: this.#attributes,
      },
      ...this.#steps,
    ]);
  }

  #closeStep(now: number, error?: string): void {
    if (this.#open === undefined) return;
    this.#steps.push(this.#span(this.#open, now, error));
    this.#open = undefined;
  }

  #span({ name, startedAt }: OpenStep, endedAt: number, error: string | undefined): Span {
    const { traceId, newSpanId, epochMilliseconds } = this.#options;
    return {
      traceId,
      spanId: newSpanId(),
      parentSpanId: this.#spanId,
      remoteParent: false,
      name,
      kind: 'internal',
      startMilliseconds: epochMilliseconds + startedAt,
      endMilliseconds: epochMilliseconds + endedAt,
      attributes: {},
      error,
    };
  }
}

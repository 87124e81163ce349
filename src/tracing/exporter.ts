// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { exportRequest, type Origin, rejectedSpans } from './otlp.ts';
import type { TraceDropReason, TracingMetrics } from './metrics.ts';
import type { Sender } from './sender.ts';
import type { Span } from './span.ts';

/** What an exporter is made with. */
export interface ExporterOptions {
  readonly sender: Pick<Sender, 'send' | 'close'>;
  readonly origin: Origin;
  readonly metrics: TracingMetrics;
  readonly logger: Pick<Logger, 'warn'>;
  /** Uniform in [0, 1), for the jitter of pauses. */
  readonly random: () => number;
  /** Spans that may wait; beyond that the newest are dropped. Default 4096. */
  readonly queueSpans?: number | undefined;
  /** Spans of one request. Default 256. */
  readonly batchSpans?: number | undefined;
  /** Longest that a span waits for others to go with it. Default 2000. */
  readonly lingerMilliseconds?: number | undefined;
  /** Pause before the first retry; it doubles with every further one. Default 1000. */
  readonly backoffMilliseconds?: number | undefined;
  /** Tries of one request. Default 4. */
  readonly tries?: number | undefined;
}

const LONGEST_PAUSE_MILLISECONDS = 30_000;
/** What still waits when the process ends is given this long. */
const FAREWELL_MILLISECONDS = 1000;

/**
 * Sends spans away in batches, one request at a time, beside the requests that they tell of: a
 * receiver that is slow, wrong or gone costs spans, which are counted, and nothing else.
 */
export class SpanExporter {
  readonly #options: ExporterOptions;
  readonly #ended = new AbortController();
  #queue: Span[] = [];
  #round: Promise<void> | undefined;
  #wake = new AbortController();
  #closing = false;
  #warned = false;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /** Takes spans, or drops and counts them. Never waits, never throws. */
  add(spans: readonly Span[]): void {
    const { metrics, queueSpans = 4096, batchSpans = 256 } = this.#options;
    if (spans.length === 0) return;
    if (this.#closing || this.#queue.length + spans.length > queueSpans) {
      metrics.dropped.inc({ reason: 'queue-full' }, spans.length);
      return;
    }
    this.#queue.push(...spans);
    if (this.#queue.length >= batchSpans) this.#wake.abort();
    this.#round ??= this.#sendAll();
  }

  /** Spans that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Sends what waits, for a moment; drops and counts the rest. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake.abort();
    const farewell = setTimeout(() => this.#ended.abort(), FAREWELL_MILLISECONDS);
    await this.#round;
    clearTimeout(farewell);
    await this.#options.sender.close();
  }

  async #sendAll(): Promise<void> {
    const { batchSpans = 256, lingerMilliseconds = 2000 } = this.#options;
    while (this.#queue.length > 0) {
      if (this.#queue.length < batchSpans) await pause(lingerMilliseconds, this.#wake.signal);
      if (!this.#closing) this.#wake = new AbortController();
      const batch = this.#queue.slice(0, batchSpans);
      this.#queue = this.#queue.slice(batchSpans);
      await this.#send(batch);
    }
    this.#round = undefined;
  }

  async #send(batch: readonly Span[]): Promise<void> {
    const { sender, origin, tries = 4 } = this.#options;
    const { signal } = this.#ended;
    const body = exportRequest(batch, origin);
    for (let tried = 1; ; tried += 1) {
      const sent = await sender.send(body, signal);
      if (sent.kind === 'taken') {
        this.#taken(batch, sent.answer);
        return;
      }
      if (sent.kind === 'refused') {
        this.#dropped(batch, 'refused', sent.reason);
        return;
      }
      if (tried >= tries || signal.aborted) {
        this.#dropped(batch, 'unreachable', sent.reason);
        return;
      }
      await pause(this.#pauseMilliseconds(tried, sent.pauseSeconds), signal);
    }
  }

  #taken(batch: readonly Span[], answer: string): void {
    const { metrics } = this.#options;
    const rejected = Math.min(batch.length, rejectedSpans(answer));
    metrics.exported.inc(batch.length - rejected);
    if (rejected > 0) metrics.dropped.inc({ reason: 'refused' }, rejected);
    this.#warned = false;
  }

  /** Warns once until it works again. */
  #dropped(batch: readonly Span[], why: TraceDropReason, reason: string): void {
    const { metrics, logger } = this.#options;
    metrics.dropped.inc({ reason: why }, batch.length);
    if (this.#warned) return;
    this.#warned = true;
    logger.warn({ reason }, 'traces are dropped: the receiver does not take them');
  }

  #pauseMilliseconds(tried: number, askedSeconds = 0): number {
    const { backoffMilliseconds = 1000, random } = this.#options;
    // While the process ends there is time for tries, not for pauses.
    if (this.#closing) return 0;
    const own = backoffMilliseconds * 2 ** (tried - 1) * (0.5 + random() / 2);
    return Math.min(LONGEST_PAUSE_MILLISECONDS, Math.max(own, askedSeconds * 1000));
  }
}

/** Waits so long, or until the signal; does not keep the process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}

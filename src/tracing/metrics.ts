// SPDX-License-Identifier: Apache-2.0
import { Counter, type Registry } from 'prom-client';

/** Why spans were not sent. */
export const TRACE_DROP_REASONS = ['queue-full', 'refused', 'unreachable'] as const;
export type TraceDropReason = (typeof TRACE_DROP_REASONS)[number];

/** What the exporter counts. */
export class TracingMetrics {
  readonly exported: Counter;
  readonly dropped: Counter<'reason'>;

  /** Registers everything at 0, so that an absent series is never taken for a quiet one. */
  constructor(registry: Registry) {
    this.exported = new Counter({
      name: 'perihelion_trace_spans_exported_total',
      help: 'Spans that the receiver of traces has taken.',
      registers: [registry],
    });
    this.dropped = new Counter({
      name: 'perihelion_trace_spans_dropped_total',
      help: 'Spans that were dropped, by reason; requests are not held up by it.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of TRACE_DROP_REASONS) this.dropped.inc({ reason }, 0);
  }
}

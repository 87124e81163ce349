// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { REPLACED_REASONS } from './former-decision.ts';
import { HTTP_PROBLEM_STATUSES } from './http-problem.ts';
import { FAILURE_REASONS, INFEASIBLE_REASONS, SKIP_REASONS } from './reasons.ts';

/** What came of a request; the first four are audit outcomes. */
export const OUTCOMES = ['injected', 'skipped', 'dry-run', 'failed', 'malformed'] as const;

const CHOICE_REASONS = [
  'only-default',
  'circuit-open',
  'burn-in',
  'holdout',
  'explore',
  'greedy',
] as const;
const ACTION_KINDS = ['target', 'default'] as const;

/** From 0.2 ms to 2.5 s: most answers take well under a millisecond, the time-out is 2 s. */
const DURATION_BUCKETS_SECONDS = [
  0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/** The metrics of the admission path. Label values are bounded: no name of any user object. */
export class AdmissionMetrics {
  readonly requests: Counter<'outcome'>;
  readonly skipped: Counter<'reason'>;
  readonly failed: Counter<'reason'>;
  readonly duration: Histogram;
  readonly inFlight: Gauge;
  readonly decisions: Counter<'action_kind' | 'reason'>;
  readonly infeasible: Counter<'reason'>;
  readonly replaced: Counter<'reason'>;
  readonly patchRejected: Counter;
  readonly deadline: Counter;
  readonly refused: Counter<'status'>;
  readonly tlsErrors: Counter;

  /** Registers everything at 0, so that an absent series is never taken for a quiet one. */
  constructor(registry: Registry, pendingPlacements: () => number) {
    const counter = <Label extends string>(
      name: string,
      help: string,
      labelNames: readonly Label[] = [],
    ): Counter<Label> =>
      new Counter({
        name: `perihelion_${name}`,
        help,
        labelNames: [...labelNames],
        registers: [registry],
      });
    this.requests = counter('admission_requests_total', 'Requests by what came of them.', [
      'outcome',
    ]);
    this.skipped = counter('admission_skipped_total', 'Pods left alone, by reason.', ['reason']);
    this.failed = counter(
      'admission_failed_total',
      'Pods allowed without a patch because something went wrong, by reason.',
      ['reason'],
    );
    this.decisions = counter('decisions_total', 'Decisions by kind of action and reason.', [
      'action_kind',
      'reason',
    ]);
    this.infeasible = counter(
      'infeasible_targets_total',
      'Targets that a decision could not choose, by reason.',
      ['reason'],
    );
    this.replaced = counter(
      'decisions_replaced_total',
      'Decisions that came with a Pod and did not count, by reason.',
      ['reason'],
    );
    this.patchRejected = counter(
      'patch_rejected_total',
      'Patches that did not pass the check on our own copy and were not sent.',
    );
    this.deadline = counter(
      'admission_deadline_total',
      'Requests answered without a patch because their time ran out.',
    );
    this.refused = counter('http_refused_total', 'Requests that are no review, by HTTP status.', [
      'status',
    ]);
    this.tlsErrors = counter('tls_errors_total', 'TLS handshakes that failed.');
    this.duration = new Histogram({
      name: 'perihelion_admission_duration_seconds',
      help: 'Time from the arrival of a request to its answer.',
      buckets: DURATION_BUCKETS_SECONDS,
      registers: [registry],
    });
    this.inFlight = new Gauge({
      name: 'perihelion_admission_in_flight',
      help: 'Requests being answered.',
      registers: [registry],
    });
    new Gauge({
      name: 'perihelion_pending_placements',
      help: 'Decisions for a target whose Pod is not seen bound yet.',
      registers: [registry],
      collect() {
        this.set(pendingPlacements());
      },
    });
    this.#startAtZero();
  }

  #startAtZero(): void {
    for (const outcome of OUTCOMES) this.requests.inc({ outcome }, 0);
    for (const reason of SKIP_REASONS) this.skipped.inc({ reason }, 0);
    for (const reason of FAILURE_REASONS) this.failed.inc({ reason }, 0);
    for (const reason of INFEASIBLE_REASONS) this.infeasible.inc({ reason }, 0);
    for (const reason of REPLACED_REASONS) this.replaced.inc({ reason }, 0);
    for (const status of HTTP_PROBLEM_STATUSES) this.refused.inc({ status: String(status) }, 0);
    for (const reason of CHOICE_REASONS) {
      for (const action_kind of ACTION_KINDS) this.decisions.inc({ action_kind, reason }, 0);
    }
  }
}

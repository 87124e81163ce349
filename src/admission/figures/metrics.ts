// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { HTTP_PROBLEM_STATUSES, type HttpProblemStatus } from '#admission/server/http-problem.ts';
import {
  FAILURE_REASONS,
  INFEASIBLE_REASONS,
  REPLACED_REASONS,
  SKIP_REASONS,
} from '#admission/review/reasons.ts';
import { Observations } from './observations.ts';
import { Tally } from './tally.ts';

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

/**
 * The metrics of the admission path. Label values are bounded: no name of any user object. What is
 * counted with every request waits in tallies until somebody asks for the figures.
 */
export class AdmissionMetrics {
  readonly requests = new Tally(OUTCOMES);
  readonly skipped = new Tally(SKIP_REASONS);
  readonly failed = new Tally(FAILURE_REASONS);
  readonly decisions = {
    target: new Tally(CHOICE_REASONS),
    default: new Tally(CHOICE_REASONS),
  } as const;
  readonly infeasible = new Tally(INFEASIBLE_REASONS);
  readonly replaced = new Tally(REPLACED_REASONS);
  readonly refused = new Tally(HTTP_PROBLEM_STATUSES.map(wordOf));
  readonly patchRejected: Counter;
  readonly deadline: Counter;
  readonly tlsErrors: Counter;
  /** Seconds. */
  readonly duration: Observations;
  /** Requests being answered. */
  inFlight = 0;

  /** Registers everything at 0, so that an absent series is never taken for a quiet one. */
  constructor(registry: Registry, pendingPlacements: () => number) {
    const counter = (
      name: string,
      help: string,
      labelNames: readonly string[] = [],
      fetch?: (count: Count) => void,
    ): Counter =>
      new Counter({
        name: `perihelion_${name}`,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        ...(fetch && {
          collect() {
            fetch((labels, count) => this.inc(labels, count));
          },
        }),
      });
    const tally = (
      name: string,
      help: string,
      label: string,
      counted: { fetch(take: (word: string, count: number) => void): void },
    ): Counter =>
      counter(name, help, [label], (count) =>
        counted.fetch((word, times) => count({ [label]: word }, times)),
      );
    tally('admission_requests_total', 'Requests by what came of them.', 'outcome', this.requests);
    tally('admission_skipped_total', 'Pods left alone, by reason.', 'reason', this.skipped);
    tally(
      'admission_failed_total',
      'Pods allowed without a patch because something went wrong, by reason.',
      'reason',
      this.failed,
    );
    counter(
      'decisions_total',
      'Decisions by kind of action and reason.',
      ['action_kind', 'reason'],
      (count) => {
        for (const action_kind of ACTION_KINDS) {
          this.decisions[action_kind].fetch((reason, times) =>
            count({ action_kind, reason }, times),
          );
        }
      },
    );
    tally(
      'infeasible_targets_total',
      'Targets that a decision could not choose, by reason.',
      'reason',
      this.infeasible,
    );
    tally(
      'decisions_replaced_total',
      'Decisions that came with a Pod and did not count, by reason.',
      'reason',
      this.replaced,
    );
    this.patchRejected = counter(
      'patch_rejected_total',
      'Patches that did not pass the check on our own copy and were not sent.',
    );
    this.deadline = counter(
      'admission_deadline_total',
      'Requests answered without a patch because their time ran out.',
    );
    tally(
      'http_refused_total',
      'Requests that are no review, by HTTP status.',
      'status',
      this.refused,
    );
    this.tlsErrors = counter('tls_errors_total', 'TLS handshakes that failed.');
    const histogram = new Histogram({
      name: 'perihelion_admission_duration_seconds',
      help: 'Time from the arrival of a request to its answer.',
      buckets: DURATION_BUCKETS_SECONDS,
      registers: [registry],
      collect: () => this.duration.fetch(),
    });
    this.duration = new Observations((seconds) => histogram.observe(seconds));
    const gauge = (name: string, help: string, value: () => number): Gauge =>
      new Gauge({
        name: `perihelion_${name}`,
        help,
        registers: [registry],
        collect() {
          this.set(value());
        },
      });
    gauge('admission_in_flight', 'Requests being answered.', () => this.inFlight);
    gauge(
      'pending_placements',
      'Decisions for a target whose Pod is not seen bound yet.',
      pendingPlacements,
    );
  }

  /** Counts one request that was refused, by its HTTP status. */
  refuse(status: HttpProblemStatus): void {
    this.refused.inc(wordOf(status));
  }
}

type Count = (labels: Readonly<Record<string, string>>, count: number) => void;

function wordOf(status: HttpProblemStatus): `${HttpProblemStatus}` {
  return `${status}`;
}

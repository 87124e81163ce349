// SPDX-License-Identifier: Apache-2.0
import type { LearnerMetrics } from './ports.ts';
import type { SettlementRecord } from '#learner/judging/settlement.ts';

/** What one tick did. */
export interface TickReport {
  /** Why the tick did nothing; undefined when it did its work. */
  readonly skipped: 'not-leader' | 'not-synced' | undefined;
  /** Decisions that taught something. */
  readonly settled: number;
  /** Decisions that taught nothing, by reason. */
  readonly censored: Readonly<Record<string, number>>;
  /** Pods whose annotations are not believed, by reason, counted when first seen. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Decisions of a policy that is not the one in force: left alone. */
  readonly orphaned: number;
  /** Decisions on living Pods that are still to be settled. */
  readonly backlog: number;
  readonly observations: number;
  readonly conflicts: number;
  readonly publishFailures: number;
  readonly telemetryFailures: number;
  readonly durationSeconds: number;
}

/** Counts what a tick does, for its report and for the metrics at the same time. */
export class Tally {
  settled = 0;
  orphaned = 0;
  backlog = 0;
  observations = 0;
  conflicts = 0;
  publishFailures = 0;
  telemetryFailures = 0;
  readonly #censored: Record<string, number> = {};
  readonly #rejected: Record<string, number> = {};
  readonly #metrics: LearnerMetrics;

  constructor(metrics: LearnerMetrics) {
    this.#metrics = metrics;
  }

  /** A decision that is done with. */
  record(record: SettlementRecord): void {
    if (record.status === 'settled') {
      this.settled += 1;
      this.#metrics.settled(1);
      return;
    }
    this.#censored[record.reason] = (this.#censored[record.reason] ?? 0) + 1;
    this.#metrics.censored(record.reason, 1);
  }

  reject(reason: string): void {
    this.#rejected[reason] = (this.#rejected[reason] ?? 0) + 1;
    this.#metrics.rejected(reason);
  }

  conflict(): void {
    this.conflicts += 1;
    this.#metrics.conflict();
  }

  publishFailure(): void {
    this.publishFailures += 1;
    this.#metrics.publishFailure();
  }

  telemetryFailure(): void {
    this.telemetryFailures += 1;
    this.#metrics.telemetryFailure();
  }

  report(skipped: TickReport['skipped'], durationSeconds: number): TickReport {
    return {
      skipped,
      settled: this.settled,
      censored: { ...this.#censored },
      rejected: { ...this.#rejected },
      orphaned: this.orphaned,
      backlog: this.backlog,
      observations: this.observations,
      conflicts: this.conflicts,
      publishFailures: this.publishFailures,
      telemetryFailures: this.telemetryFailures,
      durationSeconds,
    };
  }
}

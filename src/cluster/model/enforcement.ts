// SPDX-License-Identifier: Apache-2.0

/** How the scheduler followed the preference for one target; older Pods count less. */
export interface StoredAdherence {
  /** Pods that were asked to prefer it, and those of them that landed there; `learner/enforcement/adherence.ts`. */
  readonly asked: number;
  readonly followed: number;
}

/**
 * Required rules of one workload; see `src/learner/enforcement/enforcement.ts`. Times in milliseconds since
 * the epoch, 0 = never.
 */
export interface StoredEnforcement {
  /** Since when the policy's preference is a required rule here; 0 = it is not. */
  readonly escalatedAt: number;
  /** Last release, and until when nothing is required after it. */
  readonly releasedAt: number;
  readonly releasedUntil: number;
  /** Length of the last cooling-off time. */
  readonly coolingSeconds: number;
  /** The clock hour (hours since the epoch) that `evictions` counts. */
  readonly hour: number;
  /** Pods whose eviction was begun in that hour. */
  readonly evictions: number;
}

/** Why a circuit was opened. */
export type CircuitReason = 'slo-breach' | 'regret' | 'telemetry-lost';

/** A circuit breaker; see `src/learner/enforcement/circuit.ts`. Times in milliseconds since the epoch. */
export interface StoredCircuit {
  /** `open` from a trip until enough trials have passed; trials begin at `retryAt`. */
  readonly state: 'closed' | 'open';
  /** Of the last trip; absent = it never tripped. */
  readonly reason?: CircuitReason | undefined;
  /** When it was last opened or closed. */
  readonly changedAt: number;
  /** Open: from then on Pods are sent on trial. Closed: 0. */
  readonly retryAt: number;
  /** Length of the last cooling-off time; 0 = it never tripped. */
  readonly coolingSeconds: number;
  /** Missed objectives, and Pods without a measure, in a row. */
  readonly breaches: number;
  readonly unmeasured: number;
  /** E-value against "the regret is within its bound", 1 or more. */
  readonly evidence: number;
  /** Trials of this round that passed, and the sum of their advantages. */
  readonly trialsPassed: number;
  readonly trialAdvantage: number;
}

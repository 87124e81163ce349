// SPDX-License-Identifier: Apache-2.0

/** Running sums of one arm and one cost; see `src/reward/savings.ts`. */
export interface StoredArm {
  readonly count: number;
  readonly weight: number;
  readonly weightSquares: number;
  readonly value: number;
  readonly residual: number;
  readonly residualSecond: number;
  readonly residualSquares: number;
}

/** Running sums of one cost, for Pods the agent placed and for Pods held out. */
export interface StoredContrast {
  readonly placed: StoredArm;
  readonly holdout: StoredArm;
}

/** What savings are computed from; see `src/reward/savings.ts`. */
export interface StoredSavings {
  readonly joulesPerRequest: StoredContrast;
  readonly p99Milliseconds: StoredContrast;
  /** Requests that the Pods placed by the agent served while they were measured. */
  readonly requests: number;
}

/** Where Shadow Pods landed and what they saved there; see `src/reward/shadow.ts`. */
export interface StoredLanding {
  readonly count: number;
  /** Mean share of the baseline's energy, and of its latency, that was saved. */
  readonly energy: number;
  readonly latency: number;
}

/** One Shadow decision, as `src/reward/shadow.ts` judges it. */
export interface StoredShadowDecision {
  /** The Pod landed where the agent would have sent it (always so for the default). */
  readonly agreed: boolean;
  /** Chance of that, as far as was known before. */
  readonly propensity: number;
  readonly energy: number;
  readonly latency: number;
  /** What was expected of where it landed, and of where it would have been sent. */
  readonly landedEnergy: number;
  readonly landedLatency: number;
  readonly wantedEnergy: number;
  readonly wantedLatency: number;
}

/** Everything kept of Shadow decisions: landings by target, and the newest decisions. */
export interface StoredShadow {
  readonly landings: Readonly<Record<string, StoredLanding>>;
  readonly decisions: readonly StoredShadowDecision[];
}

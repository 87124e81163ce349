// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import type { StateKey } from '#agent/terms/state.ts';

/*
 * What one audit line says. The codec copies exactly these fields and nothing else, so a Pod's
 * body, environment or secrets cannot reach the log by accident. An optional field that is
 * undefined is left out of the line; a number must be finite.
 */

/** One RFC 6902 operation, exactly as sent. The path lies under annotations or affinity. */
export interface PatchOperationEntry {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  /** JSON value; undefined for `remove`. */
  readonly value?: unknown;
}

/** A feasible action and the estimate it was compared by. */
export interface CandidateEntry {
  readonly action: Action;
  /** Value used in the comparison, advantage units. */
  readonly value: number;
  /** Weight of the cell behind it; 0 = never updated, `value` is the prior. */
  readonly weight: number;
  /** Pods of the workload on their way there; undefined = none. */
  readonly inFlight?: number | undefined;
}

/** What the draw depended on beside candidates, epsilon and seed. */
export interface DrawEntry {
  /** Rule by which the action was drawn, for example `EpsilonGreedy`. */
  readonly algorithm: string;
  /**
   * The rule's own parameter: confidence of UCB1, deviation of Thompson, temperature of Softmax and
   * of EpsilonGreedy's exploring. Undefined where EpsilonGreedy tries all actions alike.
   */
  readonly parameter?: number | undefined;
  /** Share of decisions left to the default on purpose, 0..1. */
  readonly holdoutRatio: number;
  /** False = the budget was spent: only a best action was possible. */
  readonly exploreAllowed: boolean;
  /** True = the workload's circuit breaker left it to the default; undefined = false. */
  readonly circuitOpen?: boolean | undefined;
  /** Default decisions of the workload measured so far. */
  readonly defaultSamples: number;
  /** How many of them burn-in asks for. */
  readonly burnInDecisions: number;
  /** Share of decisions acted upon, 0..1; undefined = all of them. */
  readonly canaryRatio?: number | undefined;
}

/** An action that could not be taken, and why. */
export interface InfeasibleEntry {
  readonly action: Action;
  /** Stable word, for example `not-ready`, `taint`, `no-room`, `telemetry-stale`. */
  readonly reason: string;
}

/** How one decision came about: enough to replay it. */
export interface DecisionEntry {
  /** Decision id, as on the Pod's annotation. */
  readonly id: string;
  readonly tier: string;
  readonly state: StateKey;
  readonly action: Action;
  /** Probability with which the behaviour policy takes this action in this state, (0, 1]. */
  readonly propensity: number;
  readonly holdout: boolean;
  /** False = outside the canary: decided, and nothing injected; undefined = true. */
  readonly acted?: boolean | undefined;
  /** True = the target is required, not only preferred; undefined = false. */
  readonly required?: boolean | undefined;
  /** Why this action: `greedy`, `explore`, `holdout`, `burn-in`, ... */
  readonly choice: string;
  /** Exploration rate in force, 0..1. */
  readonly epsilon: number;
  /** Seed of the generator that made the draw. */
  readonly seed: number | string;
  /** With it the line alone replays the choice; undefined in lines of versions before it. */
  readonly draw?: DrawEntry | undefined;
  /** Every feasible action in the order compared; includes the default action. */
  readonly candidates: readonly CandidateEntry[];
  /** Infeasible actions; the writer may cap the list and count the rest. */
  readonly infeasible: readonly InfeasibleEntry[];
  /** Infeasible actions left out of `infeasible`. */
  readonly infeasibleOmitted: number;
  /** `name@generation` of the policy. */
  readonly policy: string;
  /** Version of the model shard that was used; 0 = none yet. */
  readonly modelVersion: number;
}

/**
 * What came of a request. `injected`: a patch was sent. `dry-run`: the same, but nothing will
 * exist. `skipped`: nothing to do, `reason` says why. `failed`: allowed without a patch because
 * something went wrong.
 */
export type AdmissionOutcome = 'injected' | 'skipped' | 'dry-run' | 'failed';

/** Versions behind a line. */
export interface VersionsEntry {
  /** Version of this product. */
  readonly perihelion: string;
  /** Version of the API server, where known. */
  readonly kubernetes?: string | undefined;
}

/** One admission. */
export interface AdmissionEntry {
  readonly kind: 'admission';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  /** `request.uid`: new with every call, joins this line with the API server's audit log. */
  readonly requestUid: string;
  readonly namespace: string;
  /** Name of the Pod, where the request has one. */
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
  /** `Deployment/frontend`; undefined if it was not resolved. */
  readonly workload?: string | undefined;
  readonly outcome: AdmissionOutcome;
  /** Stable word, for example `chosen`, `daemon-set`, `deadline`. */
  readonly reason: string;
  readonly dryRun: boolean;
  /** Operations as sent; empty = no patch. */
  readonly patch: readonly PatchOperationEntry[];
  /** Undefined if no decision was taken. */
  readonly decision?: DecisionEntry | undefined;
  /** From the request's arrival to this line. */
  readonly durationSeconds: number;
  readonly versions: VersionsEntry;
}

/** A number with its provenance, or why there is none; the shape of telemetry's `Reading`. */
export type ReadingEntry =
  | {
      readonly kind: 'measured';
      readonly value: number;
      readonly windowSeconds: number;
      readonly samples: number;
      readonly ageSeconds: number;
      readonly quality: string;
    }
  | { readonly kind: 'missing'; readonly reason: string; readonly detail: string };

/** Value and weight of a cell. */
export interface CellEntry {
  readonly value: number;
  readonly weight: number;
}

/** One cell that an update touched. */
export interface CellChangeEntry {
  /** `Deployment/frontend` or `Tier/data`: the shard. */
  readonly shard: string;
  readonly state: StateKey;
  readonly action: Action;
  /** Undefined if the cell did not exist. */
  readonly before?: CellEntry | undefined;
  readonly after: CellEntry;
}

/**
 * One decision settled by the learner. `settled`: it taught something. `censored`: no usable
 * measurement. `discarded`: the window is not comparable (rolled out again) or the Pod is gone.
 */
export interface SettlementEntry {
  readonly kind: 'settlement';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly decisionId: string;
  readonly namespace: string;
  /** Name of the Pod. */
  readonly pod: string;
  /** `Deployment/frontend`. */
  readonly workload: string;
  /** Action asked for. */
  readonly asked: Action;
  /** Target where the Pod really landed; undefined if it never bound. */
  readonly landed?: Action | undefined;
  readonly status: 'settled' | 'censored' | 'discarded';
  /** Stable word behind the status, for example `measured`, `too-few-samples`, `rolled-again`. */
  readonly reason: string;
  /** Outcome by name with unit, for example `joulesPerRequest`, `p99Milliseconds`. */
  readonly readings: Readonly<Record<string, ReadingEntry>>;
  /** Dimensionless costs by name; a cost that could not be computed is absent. */
  readonly costs: Readonly<Record<string, number>>;
  /** Undefined where there is none; never 0 for "unknown". */
  readonly reward?: number | undefined;
  /** Reward minus baseline. */
  readonly advantage?: number | undefined;
  /** Cells before and after the update; empty if nothing was learned. */
  readonly cells: readonly CellChangeEntry[];
  /** Version of the shard written with this update. */
  readonly modelVersion: number;
  readonly versions: VersionsEntry;
}

/** What happened to the required rules of one workload. */
export interface EnforcementEntry {
  readonly kind: 'enforcement';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly namespace: string;
  /** `Deployment/frontend`. */
  readonly workload: string;
  /** Stable word: `escalated`, `de-escalated`, `released` or `eviction`. */
  readonly change: string;
  /** Why, for people. */
  readonly detail: string;
  /** Name of the Pod that was to be evicted; undefined for the other changes, as what follows. */
  readonly pod?: string | undefined;
  readonly decisionId?: string | undefined;
  /** The target that was required. */
  readonly target?: Action | undefined;
  /** Stable word, for example `evicted`, `bound`, `refused`. */
  readonly result?: string | undefined;
  readonly versions: VersionsEntry;
}

/** A decision about the replicas of a workload, or about a Pod that runs. */
export interface CapacityEntry {
  readonly kind: 'capacity';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly id: string;
  readonly namespace: string;
  /** `Deployment/frontend`. */
  readonly workload: string;
  /** `name@generation` of the policy. */
  readonly policy: string;
  readonly outcome: 'held' | 'recommended' | 'applied' | 'refused' | 'failed';
  /** Stable word behind the outcome, for example `owned` or `cooldown`. */
  readonly reason: string;
  readonly scaling?: CapacityScalingEntry | undefined;
  readonly move?: CapacityMoveEntry | undefined;
  readonly versions: VersionsEntry;
}

/** How a decision about replicas came about: enough to replay it. */
export interface CapacityScalingEntry {
  /** Before the decision. */
  readonly replicas: number;
  readonly state: StateKey;
  /** `down`, `hold` or `up`. */
  readonly action: Action;
  /** The best known one, which is what is recommended. */
  readonly best: Action;
  readonly propensity: number;
  readonly choice: string;
  readonly epsilon: number;
  readonly exploreAllowed: boolean;
  readonly seed: string;
  readonly candidates: readonly CandidateEntry[];
  /** Of the interval that ended; undefined where it was not measured. */
  readonly reward?: number | undefined;
}

/** How a decision about a running Pod came about: enough to weigh it again. */
export interface CapacityMoveEntry {
  readonly pod: string;
  readonly podUid: string;
  /** Targets. */
  readonly from: Action;
  readonly to: Action;
  readonly state: StateKey;
  /** Of the better target, times the chance to get there. */
  readonly advantage: number;
  readonly horizonSeconds: number;
  /** The saving must be so many times the cost. */
  readonly factor: number;
  /** In cost-seconds; `cost` is undefined where it was not measured. */
  readonly saving: number;
  readonly cost?: number | undefined;
  /** Power of the Pod, watts; undefined where it was not measured. */
  readonly watts?: number | undefined;
}

/** A model that was deleted, because no Pod had used it for long. */
export interface ForgottenEntry {
  readonly kind: 'forgotten';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly namespace: string;
  /** `Deployment/frontend`. */
  readonly workload: string;
  /** Name of the policy that it was learned under. */
  readonly policy: string;
  /** Since when no Pod carried a decision of it; as `time`. */
  readonly unusedSince: string;
  /** Version of the shard that was deleted; the next one begins with 1. */
  readonly modelVersion: number;
  readonly versions: VersionsEntry;
}

/** Lines the sink had to drop since the last line; written by the sink itself. */
export interface DropEntry {
  readonly kind: 'drop';
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  /** Count by reason (see `DropReason`), only reasons with a count above 0. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Anything that becomes one audit line. */
export type AuditEntry =
  AdmissionEntry | SettlementEntry | EnforcementEntry | CapacityEntry | ForgottenEntry | DropEntry;

// SPDX-License-Identifier: Apache-2.0
import type { StoredMoving, StoredScaling } from './capacity.ts';
import type { WorkloadKey } from './workload.ts';

/** One learned cell, as `src/agent/value-table.ts` defines it. */
export interface StoredCell {
  readonly value: number;
  readonly weight: number;
}

/** Running statistics of one cost of the default scheduler; see `src/reward/baseline.ts`. */
export interface StoredBaseline {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

/**
 * What is learned of one workload (or of one tier, as the prior of its new workloads): the
 * content of one PlacementModel object, written by the leader, watched by every replica.
 */
export interface ModelShard {
  readonly namespace: string;
  readonly policy: string;
  /** `Deployment/frontend`, or `Tier/data` for a tier's prior. */
  readonly workload: WorkloadKey;
  /** Rises by one with every write; stands in audit lines and on Pods. */
  readonly version: number;
  /** Rollouts settled so far; drives the epsilon schedule. */
  readonly episodes: number;
  /** state -> action -> cell. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, StoredCell>>>>;
  /** Baselines by load bucket, then by cost name (`joulesPerRequest`, `p99Milliseconds`, ...). */
  readonly baselines: Readonly<Record<string, Readonly<Record<string, StoredBaseline>>>>;
  /** Running load statistics of the workload, requests per second: its own history. */
  readonly load: StoredBaseline;
  /** Default decisions measured so far; below the policy's burn-in the agent only observes. */
  readonly defaultSamples: number;
  /** Decision ids settled, kept while their Pods exist: what makes settling exactly-once. */
  readonly settled: readonly string[];
  /** Adherence: decisions with a target that landed on it, and all with a target. */
  readonly followed: number;
  readonly asked: number;
  /** The same by target, of about the newest Pods; absent = nothing was asked yet. */
  readonly adherence?: Readonly<Record<string, StoredAdherence>> | undefined;
  /** Escalation and release of required rules; absent = neither ever happened. */
  readonly enforcement?: StoredEnforcement | undefined;
  /** The workload's circuit breaker; absent = nothing ever spoke against it. */
  readonly circuit?: StoredCircuit | undefined;
  /** Evidence against the holdout; absent = no randomised decision was measured yet. */
  readonly savings?: StoredSavings | undefined;
  /** What Shadow decisions met; absent = none was measured yet. */
  readonly shadow?: StoredShadow | undefined;
  /** Number of replicas; absent = the policy never asked for it. */
  readonly scaling?: StoredScaling | undefined;
  /** Moves of running Pods; absent = the policy never asked for them. */
  readonly moving?: StoredMoving | undefined;
  /** What its last write changed; absent = never written, or by a version that did not say. */
  readonly before?: StoredBefore | undefined;
}

/**
 * What a shard was before its last write, as far as others are learned from it: an episode changes
 * several shards, and a leader may die between two of them. See `src/learner/partial.ts`. Whoever
 * changes one of these tables without settling anything must leave it out.
 */
export interface StoredBefore {
  /** The last write settled so many decisions: the last ones of `settled`. */
  readonly added: number;
  readonly episodes: number;
  readonly defaultSamples: number;
  readonly load: StoredBaseline;
  /** Only the cells that it changed; one that was not there has weight 0. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, StoredCell>>>>;
  /** Only the baselines that it changed; one that was not there has weight 0. */
  readonly baselines: Readonly<Record<string, Readonly<Record<string, StoredBaseline>>>>;
}

/** How the scheduler followed the preference for one target; older Pods count less. */
export interface StoredAdherence {
  /** Pods that were asked to prefer it, and those of them that landed there; `learner/adherence.ts`. */
  readonly asked: number;
  readonly followed: number;
}

/**
 * Required rules of one workload; see `src/learner/enforcement.ts`. Times in milliseconds since
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

/** A circuit breaker; see `src/learner/circuit.ts`. Times in milliseconds since the epoch. */
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

/** Health of a target's telemetry: only `healthy` may be preferred. */
export type TargetHealth =
  'healthy' | 'absent' | 'stale' | 'not-a-number' | 'zero' | 'fake' | 'absurd';

/** What the learner last saw of one target. */
export interface TargetObservation {
  readonly health: TargetHealth;
  /** Mean CPU utilisation of its nodes, 0..1; undefined = unknown. */
  readonly cpuRatio: number | undefined;
  /** Mean memory utilisation of its nodes, 0..1; undefined = unknown. */
  readonly memoryRatio: number | undefined;
  /** Power of its nodes together; undefined = unknown. */
  readonly watts: number | undefined;
  /** How fast its cores are, as learned; absent = nothing known yet. */
  readonly speed?: TargetSpeed | undefined;
}

/** How fast the cores of a target are; see `src/learner/target-speed.ts`. */
export interface TargetSpeed {
  /** Work of a core there against that of other targets, around 1; above 0. */
  readonly ratio: number;
  /** Samples that it is worth. */
  readonly weight: number;
}

/** CPU seconds by request of a workload at the target where it ran last. */
export interface LastCpuCost {
  readonly target: string;
  /** Of the cores there; mean over the windows since it came; above 0. */
  readonly secondsPerRequest: number;
  /** Windows behind it. */
  readonly weight: number;
}

/** What the learner last saw of one workload. */
export interface WorkloadObservation {
  /** Load against its own history; undefined = unknown. */
  readonly loadBucket: 'low' | 'normal' | 'high' | undefined;
  /** Workloads it calls or is called by, from Istio. */
  readonly peers: readonly WorkloadKey[];
  /** Mean CPU use of one of its Pods, cores of the node it ran on; undefined = unknown. */
  readonly cpuCores?: number | undefined;
  /** The same, in cores of a target of speed 1; undefined = as {@link cpuCores}. */
  readonly referenceCores?: number | undefined;
  /** What the speed of targets is learned from; absent = never measured. */
  readonly cpuCost?: LastCpuCost | undefined;
}

/** One point of a node's learned power curve; see `src/reward/power-curve.ts`. */
export interface StoredPowerPoint {
  /** 0..1. */
  readonly utilisation: number;
  readonly watts: number;
  readonly weight: number;
}

/** Published by the leader beside the shards; read by every replica. */
export interface Observation {
  readonly namespace: string;
  readonly policy: string;
  readonly observedAt: number;
  readonly targets: Readonly<Record<string, TargetObservation>>;
  readonly workloads: Readonly<Record<WorkloadKey, WorkloadObservation>>;
  /** Learned power curves by node; absent = the policy does not need them. */
  readonly powerCurves?: Readonly<Record<string, readonly StoredPowerPoint[]>> | undefined;
}

/** The published model as the admission path sees it. */
export interface ModelView {
  shard(namespace: string, policy: string, workload: WorkloadKey): ModelShard | undefined;
  observation(namespace: string, policy: string): Observation | undefined;
}

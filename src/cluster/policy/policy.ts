// SPDX-License-Identifier: Apache-2.0
import type { RebalancingSpec, ScalingSpec } from './capacity.ts';
import type { EscalationSpec, ReleaseSpec } from './enforcement.ts';
import type { TelemetrySpec } from './telemetry-schema.ts';

/**
 * The spec of a PlacementPolicy. Integers only (percent, thousandths, seconds), as the Kubernetes
 * API conventions ask; the unit is in the name. `schema.ts` validates and defaults it.
 */
export interface PolicySpec {
  /**
   * Off: leave every Pod alone. Shadow: decide and log, inject nothing. Prefer: inject a preference.
   * Require: inject a rule, which is released if it keeps a Pod Pending.
   */
  readonly mode: 'Off' | 'Shadow' | 'Prefer' | 'Require';
  /** Node label whose values are the targets. Default `kubernetes.io/hostname`. */
  readonly topologyKey: string;
  /** Targets to choose among; empty = every value of the topology key. */
  readonly targets: readonly string[];
  /** Share of decisions left to the default scheduler on purpose, 0..100. Default 2. */
  readonly holdoutPercent: number;
  /** Share of Pods held out while the saving is known, in thousandths; at most `holdoutPercent`. */
  readonly restingHoldoutThousandths: number;
  /** Share of decisions that are acted upon, 0..100; the rest is decided as in mode Shadow. */
  readonly canaryPercent: number;
  /** Tiers, first match wins; a workload that matches none is in tier `business`. */
  readonly tiers: readonly TierRule[];
  readonly learning: LearningSpec;
  readonly reward: RewardSpec;
  readonly measurement: MeasurementSpec;
  readonly exploration: ExplorationSpec;
  readonly circuitBreaker: CircuitBreakerSpec;
  readonly release: ReleaseSpec;
  readonly escalation: EscalationSpec;
  readonly scaling: ScalingSpec;
  readonly rebalancing: RebalancingSpec;
  readonly telemetry: TelemetrySpec;
}

/** Puts Pods with these labels into a tier. */
export interface TierRule {
  readonly name: string;
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** Hyperparameters of the agent; each is explained in `src/agent/terms/hyperparameters.ts`. */
export interface LearningSpec {
  readonly algorithm: 'EpsilonGreedy' | 'UCB1' | 'Thompson' | 'Softmax';
  readonly seed: number;
  readonly gammaThousandths: number;
  readonly lambdaThousandths: number;
  readonly initialValueThousandths: number;
  /** 0 = the tier's value alone where a workload has none of its own. */
  readonly initialWeightThousandths: number;
  readonly epsilonThousandths: number;
  readonly epsilonHalvingEpisodes: number;
  readonly epsilonFloorThousandths: number;
  /** 0 = exploring tries all actions alike. */
  readonly explorationTemperatureThousandths: number;
  readonly stepFloorThousandths: number;
  readonly burnInDecisions: number;
  readonly applicationShareThousandths: number;
  readonly landingCreditThousandths: number;
}

/** Weights and references of the reward (design: reward = -(sum of weight times cost)). */
export interface RewardSpec {
  readonly sustainabilityPercent: number;
  readonly performancePercent: number;
  readonly resourcesPercent: number;
  readonly accounting: 'Attributed' | 'Amortised' | 'Marginal';
  /** What energy is counted in; undefined = joules. */
  readonly unit?: 'Joules' | 'GramsCO2e' | undefined;
  /** SLO on p99 latency; undefined = judged against the baseline. */
  readonly sloP99Milliseconds?: number | undefined;
  /** SLO on the share of failed requests, in thousandths; undefined = none. */
  readonly sloErrorThousandths?: number | undefined;
}

/** When and how long a placement is measured. */
export interface MeasurementSpec {
  /** After Ready, before measuring. */
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
  /** Fewer requests in the window than this: no reward. */
  readonly minimumRequests: number;
  /** A reading older than this is stale. */
  readonly staleAfterSeconds: number;
  /** A pause in Pod creation this long ends the episode (one rollout). */
  readonly episodeGapSeconds: number;
}

/** Limits of exploration. */
export interface ExplorationSpec {
  /** Exploring decisions allowed per namespace and hour; beyond it the greedy choice is taken. */
  readonly budgetPerHour: number;
  /**
   * No Pod is sent to a target whose CPU it would fill beyond this by what it and the Pods there are
   * expected to use, in percent of allocatable; 0 = no limit.
   */
  readonly maximumCpuPercent: number;
}

/** When a workload is left to the default scheduler for a while, and how it comes back. */
export interface CircuitBreakerSpec {
  readonly mode: 'Enabled' | 'Disabled';
  /** Missed objectives of Pods that were sent somewhere, in a row. */
  readonly sloBreaches: number;
  /** Mean advantage below minus this, in thousandths, shown with confidence. */
  readonly regretThousandths: number;
  /** Pods that were sent somewhere and could not be measured, in a row. */
  readonly lostMeasurements: number;
  /** First cooling-off time; each trip soon after the last one doubles it. */
  readonly coolingOffSeconds: number;
  /** The longest it gets; a trip that comes later than this after the last one starts anew. */
  readonly coolingOffLimitSeconds: number;
  /** Pods tried after it; all must pass. */
  readonly trialDecisions: number;
}

/** A policy in force: from the API server, or the built-in default (`builtIn`). */
export interface PlacementPolicy {
  readonly namespace: string;
  readonly name: string;
  /** Begins with 1 again for a policy that is deleted and created under its name. */
  readonly generation: number;
  /** By the API server's clock, milliseconds since the epoch; absent = the built-in one. */
  readonly createdAt?: number | undefined;
  readonly builtIn: boolean;
  readonly spec: PolicySpec;
}

/** Policies as the admission path sees them. */
export interface PolicyView {
  /** The policy in force for a namespace: its own (the first by name), or the cluster default. */
  policyFor(namespace: string): PlacementPolicy;
}

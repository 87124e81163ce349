// SPDX-License-Identifier: Apache-2.0

/** What is done with an action that the agent would take: nothing, show it, do it. */
export type CapacityMode = 'Off' | 'Recommend' | 'Apply';

/** How the number of replicas is chosen; each field is explained in `capacity-schema.ts`. */
export interface ScalingSpec {
  readonly mode: CapacityMode;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Between two decisions for one workload. */
  readonly intervalSeconds: number;
  /** After a change, by whomever, before the next. */
  readonly cooldownSeconds: number;
  /** Per namespace. */
  readonly changesPerHour: number;
  /** What one change costs, in thousandths of a workload's cost at the baseline for an interval. */
  readonly changeCostThousandths: number;
  /** Discount of the rewards of later intervals. */
  readonly gammaThousandths: number;
}

/** When Pods that run are moved to a better target. */
export interface RebalancingSpec {
  readonly mode: CapacityMode;
  /** The saving is counted for so long. */
  readonly horizonSeconds: number;
  /** The saving must be so many times the measured cost of the move. */
  readonly factorThousandths: number;
  /** Least difference of the two targets' values. */
  readonly minimumSavingThousandths: number;
  /** Per namespace. */
  readonly movesPerHour: number;
  /** Of one workload, after a move or a rollout. */
  readonly cooldownSeconds: number;
}

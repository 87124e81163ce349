// SPDX-License-Identifier: Apache-2.0
import type { StateKey } from '#agent/terms/state.ts';
import type { Cell } from '#agent/terms/value-table.ts';
import type { AutoscalerOwners } from '#cluster/actions/autoscalers.ts';
import type { DisruptionBudget } from '#cluster/actions/disruption-budgets.ts';
import type { Eviction } from '#cluster/actions/eviction.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import type { Scale, ScaleTarget } from '#cluster/actions/scale.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/** Why something is only recommended, or not done. Stable words: metrics and audit carry them. */
export const CAPACITY_REFUSALS = [
  /** An autoscaler owns the workload. */
  'owned',
  /** Who owns it, or what protects it, cannot be found out: rights are missing, as a rule. */
  'owner-unknown',
  'budgets-unknown',
  'scale-unknown',
  /** A change is too recent, or the budget of the hour is spent. */
  'cooldown',
  'budget',
  /** The reference, or the cost of a move, was not measured often enough. */
  'not-measured-yet',
  'cost-unknown',
  'does-not-pay',
  /** The Pod is not to be moved; see `rebalancing/movable.ts`. */
  'not-movable',
  'disruption-budget',
  /** Somebody else was there first. */
  'changed-meanwhile',
] as const;

/** See {@link CAPACITY_REFUSALS}. */
export type CapacityRefusal = (typeof CAPACITY_REFUSALS)[number];

/** What the webhook would make of a Pod if it were created again now. */
export interface Preview {
  readonly state: StateKey;
  /** The best known action, without exploring and without holdout. */
  readonly best: string;
  /** Estimates of every feasible action. */
  readonly values: Readonly<Record<string, Cell>>;
  /** Estimate of the target where the Pod runs, feasible for another Pod or not. */
  readonly here: Cell;
  /** Chance that a new Pod is sent to `best` and lands there, 0..1. */
  readonly likelihood: number;
}

/** The cluster as scaling and rebalancing need it; every method may reject. */
export interface CapacityPort {
  readonly autoscalers: (namespace: string) => Promise<AutoscalerOwners>;
  readonly budgets: (namespace: string) => Promise<readonly DisruptionBudget[]>;
  readonly readScale: (target: ScaleTarget) => Promise<Scale | undefined>;
  /** False = somebody else changed it first; nothing was done. */
  readonly writeScale: (target: ScaleTarget, read: Scale, replicas: number) => Promise<boolean>;
  /** A Pod as it stands; undefined = gone. */
  readonly pod: (namespace: string, name: string) => Promise<JsonObject | undefined>;
  readonly evict: (pod: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  }) => Promise<Eviction>;
  /** Undefined = the webhook would leave it alone. @param landed target where the Pod runs */
  readonly preview: (pod: JsonObject, landed: string) => Preview | undefined;
}

/** Something the agent would do, or does, for everybody to see. */
export interface Recommendation {
  readonly kind: 'Scale' | 'Move';
  readonly namespace: string;
  readonly workload: WorkloadKey;
  /** Replicas, or targets. */
  readonly from: string;
  readonly to: string;
  /** Name of the Pod to move; absent for scaling. */
  readonly pod?: string | undefined;
  /** `Recommended`: the policy says so. `Applied`: done. `Refused`: `reason` is in the way. */
  readonly outcome: 'Recommended' | 'Applied' | 'Refused';
  readonly reason?: string | undefined;
  /** For people. */
  readonly message: string;
}

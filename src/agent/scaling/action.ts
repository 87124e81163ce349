// SPDX-License-Identifier: Apache-2.0

/*
 * The agent's second kind of action: one replica less, none, one more. The same TD core learns it,
 * over intervals instead of over the Pods of a rollout: the reward of an interval is what the
 * workload cost after the action, and gamma > 0 lets a step count for what it leads to.
 */

/** One replica less, as many, one more. */
export type ScalingAction = 'down' | 'hold' | 'up';

/** All of them, in code unit order. */
export const SCALING_ACTIONS: readonly ScalingAction[] = ['down', 'hold', 'up'];

/** What an action does to the number of replicas. */
export const REPLICAS_BY_ACTION: Readonly<Record<ScalingAction, -1 | 0 | 1>> = {
  down: -1,
  hold: 0,
  up: 1,
};

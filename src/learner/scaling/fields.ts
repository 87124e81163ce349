// SPDX-License-Identifier: Apache-2.0
import type { ScalingEntryFields } from '#learner/capacity/record.ts';
import type { ScalingPlan } from './plan.ts';

/** The part of a record that tells of replicas. */
export function scalingFields(plan: ScalingPlan, replicas: number): ScalingEntryFields {
  const { choice } = plan;
  return {
    replicas,
    state: plan.row.state,
    action: choice.action,
    best: choice.best,
    propensity: choice.propensity,
    choice: choice.reason,
    epsilon: choice.epsilon,
    exploreAllowed: plan.exploreAllowed,
    seed: plan.seed,
    candidates: plan.arms.map(({ action, value, weight }) => ({ action, value, weight })),
    reward: plan.reward,
  };
}

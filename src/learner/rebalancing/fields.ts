// SPDX-License-Identifier: Apache-2.0
import type { MoveEntryFields } from '#learner/capacity/record.ts';
import type { MovePlan } from './plan.ts';

/** The part of a record that tells of a Pod. */
export function moveFields(
  plan: MovePlan,
  settings: { readonly horizonSeconds: number; readonly factor: number },
): MoveEntryFields {
  return {
    pod: plan.candidate.pod.name,
    podUid: plan.candidate.pod.uid,
    from: plan.from,
    to: plan.to,
    state: plan.state,
    advantage: plan.advantage,
    ...settings,
    saving: plan.verdict.saving,
    cost: plan.verdict.cost,
    watts: plan.watts,
  };
}

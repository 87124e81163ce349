// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { PlacementEvent } from '#learner/tick/ports.ts';
import { askedOf } from '#learner/judging/verdict.ts';

/**
 * The Events to send for decisions whose Pods were bound since they were last looked at: one per
 * owner, target and whether the scheduler followed, however many Pods there are.
 * @param before ids announced already; ids whose Pods are settled or gone are dropped.
 */
export function announce(
  groups: readonly Group[],
  before: ReadonlySet<string>,
): { readonly events: readonly PlacementEvent[]; readonly announced: ReadonlySet<string> } {
  const announced = new Set<string>();
  const bundles = new Map<string, PendingDecision[]>();
  for (const { plan } of groups) {
    for (const one of plan.unsettled) {
      if (one.nodeName === undefined || askedOf(one) === DEFAULT_ACTION) continue;
      announced.add(one.decision.id);
      if (before.has(one.decision.id) || one.owner === undefined) continue;
      const followed = one.landed === one.decision.action;
      const key = JSON.stringify([one.namespace, one.owner.uid, one.decision.action, followed]);
      const bundle = bundles.get(key);
      if (bundle === undefined) bundles.set(key, [one]);
      else bundle.push(one);
    }
  }
  return { events: [...bundles.values()].flatMap(eventOf), announced };
}

function eventOf(bundle: readonly PendingDecision[]): PlacementEvent[] {
  const [first] = bundle;
  if (first?.owner === undefined) return [];
  const { namespace, owner, landed, decision } = first;
  const pods = bundle.length === 1 ? `Pod ${first.podName}` : `${bundle.length} Pods`;
  const followed = landed === decision.action;
  return [
    {
      namespace,
      owner,
      reason: followed ? 'PlacementFollowed' : 'PlacementNotFollowed',
      message: followed
        ? `${pods} landed on ${decision.action} as preferred`
        : `${pods} preferred ${decision.action} and landed elsewhere`,
    },
  ];
}

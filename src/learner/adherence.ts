// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/action.ts';
import type { ModelShard } from '#cluster/model.ts';
import type { WorkloadKey } from '#cluster/workload.ts';
import type { PendingDecision } from './decisions.ts';
import { askedOf } from './verdict.ts';

/** How well the scheduler followed one workload's preferences. */
export interface Adherence {
  readonly namespace: string;
  readonly policy: string;
  readonly workload: WorkloadKey;
  /** Bound Pods that landed on the target they were asked to prefer, and all that were asked. */
  readonly followed: number;
  readonly asked: number;
  /** `followed / asked`; undefined while no Pod was asked. */
  readonly ratio: number | undefined;
}

/** Adherence of each workload; the priors of tiers, which hold the same Pods again, are left out. */
export function adherenceOf(shards: Iterable<ModelShard>): Adherence[] {
  const found: Adherence[] = [];
  for (const { namespace, policy, workload, followed, asked } of shards) {
    if (workload.startsWith('Tier/')) continue;
    const ratio = asked > 0 ? followed / asked : undefined;
    found.push({ namespace, policy, workload, followed, asked, ratio });
  }
  return found;
}

/** How well the scheduler followed the preferences for one target. */
export interface TargetAdherence {
  readonly target: Action;
  readonly followed: number;
  readonly asked: number;
  readonly ratio: number;
}

/**
 * Adherence by target, of the Pods that live now: shards count by workload only. A target that
 * few Pods reach although they are asked to is full, tainted or spread away from.
 */
export function adherenceByTarget(decisions: Iterable<PendingDecision>): TargetAdherence[] {
  const counts = new Map<Action, { followed: number; asked: number }>();
  for (const decision of decisions) {
    const target = askedOf(decision);
    if (target === DEFAULT_ACTION || decision.nodeName === undefined) continue;
    const count = counts.get(target) ?? { followed: 0, asked: 0 };
    count.asked += 1;
    if (decision.landed === target) count.followed += 1;
    counts.set(target, count);
  }
  return [...counts].map(([target, count]) => ({
    target,
    ...count,
    ratio: count.followed / count.asked,
  }));
}

// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { StoredAdherence } from '#cluster/model/enforcement.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { WorkloadAdherence } from '#learner/tick/ports.ts';
import { askedOf } from '#learner/judging/verdict.ts';

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

/** Adherence by target remembers about so many Pods: older ones count less and less. */
export const ADHERENCE_MEMORY = 50;

/** Pods a preference was injected for and that were bound since, in the order of their decisions. */
export interface AskedPod {
  readonly target: Action;
  readonly followed: boolean;
}

/**
 * Adherence by target after some more Pods. Each count is at most {@link ADHERENCE_MEMORY}: beyond
 * it, what was there before is scaled down, so that a change of the cluster shows.
 */
export function nextAdherence(
  before: ModelShard['adherence'],
  asked: readonly AskedPod[],
): ModelShard['adherence'] {
  if (asked.length === 0) return before;
  const counts = new Map(Object.entries(before ?? {}));
  for (const { target, followed } of asked) {
    const old = counts.get(target) ?? { asked: 0, followed: 0 };
    const scale = Math.min(1, (ADHERENCE_MEMORY - 1) / Math.max(1, old.asked));
    counts.set(target, {
      asked: old.asked * scale + 1,
      followed: old.followed * scale + Number(followed),
    });
  }
  const most = [...counts].sort(([, a], [, b]) => b.asked - a.asked);
  return Object.fromEntries(most.slice(0, MODEL_LIMITS.adherence));
}

/** Adherence of all targets together, as far as it is remembered. */
export function recentAdherence({ adherence }: Pick<ModelShard, 'adherence'>): StoredAdherence {
  const sum = { asked: 0, followed: 0 };
  for (const { asked, followed } of Object.values(adherence ?? {})) {
    sum.asked += asked;
    sum.followed += followed;
  }
  return sum;
}

/** Workloads and targets that metrics tell of at most. */
const ROW_LIMIT = 100;

/** Adherence by workload and target, those asked most; fewer than one Pod says nothing. */
export function adherenceRows(groups: readonly Group[], models: ModelView): WorkloadAdherence[] {
  const rows: (WorkloadAdherence & { readonly asked: number })[] = [];
  for (const { namespace, policy, pods } of groups) {
    for (const workload of pods.keys()) {
      const { adherence = {} } = models.shard(namespace, policy.name, workload) ?? {};
      for (const [target, { asked, followed }] of Object.entries(adherence)) {
        if (asked < 1) continue;
        rows.push({ namespace, workload, target, ratio: followed / asked, asked });
      }
    }
  }
  return rows
    .sort((a, b) => b.asked - a.asked)
    .slice(0, ROW_LIMIT)
    .map(({ namespace, workload, target, ratio }) => ({ namespace, workload, target, ratio }));
}

// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import { workloadKey, type WorkloadKey } from '#cluster/objects/workload.ts';

/**
 * Settled ids that are kept although their Pods are not in the view: a relist that comes back with
 * a Pod it had lost for a moment must not settle it a second time.
 */
export const SETTLED_TAIL = 256;

/** Name of the shard that is the prior of a tier's new workloads. */
export function tierKey(tier: string): WorkloadKey {
  return workloadKey({ kind: 'Tier', name: tier });
}

/** Whether a shard is the prior of a tier. */
export function isTier(workload: WorkloadKey): boolean {
  return workload.startsWith(tierKey(''));
}

/** A shard nothing was learned of yet. */
export function emptyShard(namespace: string, policy: string, workload: WorkloadKey): ModelShard {
  return {
    namespace,
    policy,
    workload,
    version: 0,
    episodes: 0,
    cells: {},
    baselines: {},
    load: { mean: 0, variance: 0, weight: 0 },
    defaultSamples: 0,
    settled: [],
    followed: 0,
    asked: 0,
  };
}

/**
 * Ids to keep after a settling: all of `added`, those that `needed` still names, and the newest
 * {@link SETTLED_TAIL} of the others. Order (oldest first) is kept, no id stands twice.
 */
export function pruneSettled(
  settled: readonly string[],
  added: readonly string[],
  needed: (id: string) => boolean,
): string[] {
  const fresh = new Set(added);
  const old = settled.filter((id) => !fresh.has(id));
  const tail = new Set(old.slice(-SETTLED_TAIL));
  return [...old.filter((id) => tail.has(id) || needed(id)), ...fresh];
}

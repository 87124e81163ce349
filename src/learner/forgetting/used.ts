// SPDX-License-Identifier: Apache-2.0
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { policyNameOf, type PodReader } from '#learner/episodes/decisions.ts';
import type { LearnerView } from '#learner/tick/ports.ts';
import { shardKeyText, type ForgettingRules } from './plan.ts';

/**
 * Tells which shards Pods use, as the view has them now; each namespace is looked through once.
 *
 * Every Pod with a decision counts, in namespaces that opted out again and under policies that are
 * not in force, too: should either come back, the Pod's decision must be found settled where it
 * was. So do Pods whose decisions are not believed today, because they may be tomorrow: a copy when
 * the Pod that it was copied from is gone, one of a newer version when its learner leads. The worst
 * that a forged one can do is to keep a shard.
 */
export function usedShards(
  view: Pick<LearnerView, 'pods'>,
  readPod: PodReader,
): ForgettingRules['isUsed'] {
  const byNamespace = new Map<string, ReadonlySet<string>>();
  return ({ namespace, policy, workload }) => {
    let used = byNamespace.get(namespace);
    if (used === undefined) {
      used = usedIn(namespace, view, readPod);
      byNamespace.set(namespace, used);
    }
    return used.has(shardKeyText(namespace, policy, workload));
  };
}

function usedIn(
  namespace: string,
  view: Pick<LearnerView, 'pods'>,
  readPod: PodReader,
): ReadonlySet<string> {
  const used = new Set<string>();
  for (const pod of view.pods(namespace)) {
    const found = decisionOn(pod, readPod);
    if (found !== undefined) used.add(shardKeyText(namespace, policyNameOf(found), found.workload));
  }
  return used;
}

/** The same for one shard at a time, each asked about the Pods as they are then. */
export function isUsedNow(
  view: Pick<LearnerView, 'pods'>,
  readPod: PodReader,
): ForgettingRules['isUsed'] {
  return ({ namespace, policy, workload }) => {
    for (const pod of view.pods(namespace)) {
      const found = decisionOn(pod, readPod);
      if (found?.workload === workload && policyNameOf(found) === policy) return true;
    }
    return false;
  };
}

type Decided = Pick<DecisionRecord, 'workload' | 'policy'>;

/** The decision on a Pod, believed or not; undefined = it has none. */
function decisionOn(pod: SlimPod, readPod: PodReader): Decided | undefined {
  const reading = readPod(pod);
  if (reading.kind === 'absent') return undefined;
  if (reading.kind === 'valid') return reading.record;
  const { workload, policy } = DECISION_ANNOTATIONS;
  const { annotations } = pod;
  return { workload: annotations[workload] ?? '', policy: annotations[policy] ?? '' };
}

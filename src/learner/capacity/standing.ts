// SPDX-License-Identifier: Apache-2.0
import type { ScaleTarget } from '#cluster/actions/scale.ts';
import type { OwnerReference, SlimPod } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { LearnerView } from '#learner/tick/ports.ts';

/** A workload as it stands: its Pods, and whether anything of it is on the move. */
export interface Standing {
  readonly workload: WorkloadKey;
  /** What can be scaled; undefined = nothing of it can. */
  readonly target: ScaleTarget | undefined;
  /** Decisions on its Pods that serve. */
  readonly decisions: readonly PendingDecision[];
  /** Every Pod of its controller that serves, with a decision or without. */
  readonly pods: readonly SlimPod[];
  /** Controller of its Pods, for Events. */
  readonly owner: OwnerReference | undefined;
  /** All of it is bound, Ready and of one version, and nothing is being deleted. */
  readonly settled: boolean;
  /** When the youngest Pod became Ready, milliseconds; 0 = there is none. */
  readonly youngestReadyAt: number;
}

/** API of kinds that stand above the controller of a Pod. */
const API_OF: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  Rollout: 'argoproj.io/v1alpha1',
};

/** Controllers whose number of Pods is not a choice. */
const FIXED = new Set(['DaemonSet', 'Job', 'CronJob', 'Pod', 'Tier', 'Node']);

/** The workloads of a group that have living Pods. */
export function standingOf(group: Group, view: Pick<LearnerView, 'pods'>): Standing[] {
  const byOwner = new Map<string, SlimPod[]>();
  for (const pod of view.pods(group.namespace)) {
    if (pod.owner === undefined || hasEnded(pod)) continue;
    const pods = byOwner.get(pod.owner.uid);
    if (pods === undefined) byOwner.set(pod.owner.uid, [pod]);
    else pods.push(pod);
  }
  const byWorkload = new Map<WorkloadKey, PendingDecision[]>();
  for (const one of group.decisions) {
    if (one.finished) continue;
    const members = byWorkload.get(one.decision.workload);
    if (members === undefined) byWorkload.set(one.decision.workload, [one]);
    else members.push(one);
  }
  return [...byWorkload].map(([workload, decisions]) =>
    standing(group.namespace, workload, decisions, byOwner),
  );
}

function standing(
  namespace: string,
  workload: WorkloadKey,
  decisions: readonly PendingDecision[],
  byOwner: ReadonlyMap<string, readonly SlimPod[]>,
): Standing {
  const owners = new Map<string, OwnerReference>();
  for (const { owner } of decisions) if (owner !== undefined) owners.set(owner.uid, owner);
  const pods = [...owners.keys()].flatMap((uid) => byOwner.get(uid) ?? []);
  const [owner] = owners.values();
  const settled =
    owners.size === 1 &&
    pods.length > 0 &&
    pods.every((pod) => pod.readyAt !== undefined && pod.deletedAt === undefined);
  return {
    workload,
    target: targetOf(namespace, workload, owner),
    decisions,
    pods,
    owner,
    settled,
    youngestReadyAt: Math.max(0, ...pods.map((pod) => pod.readyAt ?? 0)),
  };
}

function targetOf(
  namespace: string,
  workload: WorkloadKey,
  owner: OwnerReference | undefined,
): ScaleTarget | undefined {
  const slash = workload.indexOf('/');
  const kind = workload.slice(0, slash);
  const name = workload.slice(slash + 1);
  if (owner === undefined || FIXED.has(kind)) return undefined;
  const apiVersion = owner.kind === kind ? owner.apiVersion : API_OF[kind];
  return apiVersion === undefined ? undefined : { apiVersion, kind, namespace, name };
}

function hasEnded(pod: SlimPod): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

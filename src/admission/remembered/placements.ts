// SPDX-License-Identifier: Apache-2.0
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/** What counts of a Pod that is there or on its way. */
interface Member {
  readonly ownerUid: string;
  readonly createdAt: number;
  readonly nodeName: string | undefined;
  readonly cpuMillicores: number;
}

/** Amounts by node name. */
type ByNode = ReadonlyMap<string, number>;

/** The Pods of one workload, and what was counted of them since the last one changed. */
interface Group {
  readonly members: Map<string, Member>;
  /** By the owner of a Pod that is being created. */
  readonly remaining: Map<string | undefined, ByNode>;
  requested: ByNode | undefined;
}

const NOWHERE: ByNode = new Map();

/** Owners that are remembered for one group: of a rollout there are two. */
const OWNERS = 4;

/**
 * Where the workloads of each namespace run, kept up to date Pod by Pod, so that asking costs
 * nothing that grows with the namespace.
 *
 * While a workload is rolled out, old and new Pods stand side by side; counted together they would
 * show twice the load on a place that is being left. What counts is what will remain: the Pods of
 * the newest owner (ReplicaSet), and of the older ones only as many as the new ones have not yet
 * replaced.
 */
export class Placements {
  readonly #namespaces = new Map<string, Map<WorkloadKey, Group>>();
  readonly #keys = new Map<string, WorkloadKey>();

  /** Takes in a Pod that was added or changed. */
  seen(pod: SlimPod, workload: WorkloadKey): void {
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.deletedAt !== undefined) {
      this.gone(pod);
      return;
    }
    const known = this.#keys.get(pod.uid);
    if (known !== undefined && known !== workload) this.gone(pod);
    const group = this.#groupFor(pod.namespace, workload);
    // Most changes of a Pod are of nothing that counts here.
    if (isAsBefore(group.members.get(pod.uid), pod)) return;
    forgetCounts(group);
    this.#keys.set(pod.uid, workload);
    group.members.set(pod.uid, {
      ownerUid: pod.owner?.uid ?? '',
      createdAt: pod.createdAt,
      nodeName: pod.nodeName,
      cpuMillicores: pod.requests.cpuMillicores,
    });
  }

  /** Takes in that a Pod was deleted. */
  gone(pod: Pick<SlimPod, 'uid' | 'namespace'>): void {
    const workload = this.#keys.get(pod.uid);
    if (workload === undefined) return;
    this.#keys.delete(pod.uid);
    const workloads = this.#namespaces.get(pod.namespace);
    const group = workloads?.get(workload);
    if (workloads === undefined || group === undefined) return;
    forgetCounts(group);
    group.members.delete(pod.uid);
    if (group.members.size === 0) workloads.delete(workload);
    if (workloads.size === 0) this.#namespaces.delete(pod.namespace);
  }

  /**
   * Bound Pods of a workload that will remain, by node name.
   *
   * @param incomingOwner uid of the owner of a Pod that is just being created: it counts as one
   *   of the newest, although it is nowhere yet
   */
  remaining(namespace: string, workload: WorkloadKey, incomingOwner?: string): ByNode {
    const group = this.#namespaces.get(namespace)?.get(workload);
    if (group === undefined) return NOWHERE;
    let counted = group.remaining.get(incomingOwner);
    if (counted === undefined) {
      // Who sends Pods of ever new owners and never binds one must not fill the memory.
      if (group.remaining.size >= OWNERS) group.remaining.clear();
      counted = remainingOf(group.members, incomingOwner);
      group.remaining.set(incomingOwner, counted);
    }
    return counted;
  }

  /** CPU requests of all bound Pods of a workload, those being replaced too, by node name. */
  requested(namespace: string, workload: WorkloadKey): ByNode {
    const group = this.#namespaces.get(namespace)?.get(workload);
    if (group === undefined) return NOWHERE;
    return (group.requested ??= requestedOf(group.members));
  }

  #groupFor(namespace: string, workload: WorkloadKey): Group {
    let workloads = this.#namespaces.get(namespace);
    if (workloads === undefined) {
      this.#namespaces.set(namespace, (workloads = new Map<WorkloadKey, Group>()));
    }
    let group = workloads.get(workload);
    if (group === undefined) {
      group = { members: new Map(), remaining: new Map(), requested: undefined };
      workloads.set(workload, group);
    }
    return group;
  }
}

function isAsBefore(before: Member | undefined, pod: SlimPod): boolean {
  return (
    before !== undefined &&
    before.nodeName === pod.nodeName &&
    before.ownerUid === (pod.owner?.uid ?? '') &&
    before.createdAt === pod.createdAt &&
    before.cpuMillicores === pod.requests.cpuMillicores
  );
}

function forgetCounts(group: Group): void {
  group.remaining.clear();
  group.requested = undefined;
}

function remainingOf(
  members: ReadonlyMap<string, Member>,
  incomingOwner: string | undefined,
): ByNode {
  const newest = incomingOwner ?? newestOwner(members.values());
  const counts = new Map<string, number>();
  const count = ({ nodeName }: Member): void => {
    if (nodeName !== undefined) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  };
  const older: Member[] = [];
  let replaced = incomingOwner === undefined ? 0 : 1;
  for (const member of members.values()) {
    if (member.ownerUid !== newest) {
      older.push(member);
      continue;
    }
    replaced += 1;
    count(member);
  }
  // The stock controllers take the youngest old Pods last.
  older.sort((a, b) => b.createdAt - a.createdAt);
  older.slice(0, Math.max(0, older.length - replaced)).forEach(count);
  return counts;
}

function requestedOf(members: ReadonlyMap<string, Member>): ByNode {
  const sums = new Map<string, number>();
  for (const { nodeName, cpuMillicores } of members.values()) {
    if (nodeName !== undefined) sums.set(nodeName, (sums.get(nodeName) ?? 0) + cpuMillicores);
  }
  return sums;
}

/** The owner of the youngest Pod; of Pods of the same second the last one seen. */
function newestOwner(members: Iterable<Member>): string {
  let newest: Member | undefined;
  for (const member of members) {
    if (newest === undefined || member.createdAt >= newest.createdAt) newest = member;
  }
  return newest?.ownerUid ?? '';
}

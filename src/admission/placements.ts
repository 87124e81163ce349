// SPDX-License-Identifier: Apache-2.0
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { Slots } from './slots.ts';
import { spreadOf, type Member, type Spread } from './spread.ts';

const NOWHERE: Spread = { nodes: [], pods: [], requestedOn: [], requestedMillicores: [] };

/** The Pods of one workload, and where they are as long as none of them changes. */
interface Group {
  readonly members: Map<string, Member>;
  /** By the owner of a Pod that is being created; empty where a Pod has changed. */
  readonly spreads: Map<string | undefined, Spread>;
}

/** Owners that are remembered for one group: of a rollout there are two. */
const SPREADS = 4;

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
  /** Nodes that any of the Pods is on. */
  readonly nodes = new Slots();

  /** Takes in a Pod that was added or changed. */
  seen(pod: SlimPod, workload: WorkloadKey): void {
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.deletedAt !== undefined) {
      this.gone(pod);
      return;
    }
    const known = this.#keys.get(pod.uid);
    if (known !== undefined && known !== workload) this.gone(pod);
    const group = this.#groupFor(pod.namespace, workload);
    const before = group.members.get(pod.uid);
    // Most changes of a Pod are of nothing that counts here.
    if (before !== undefined && isAsBefore(before, pod)) return;
    const member = this.#memberOf(pod);
    this.#leave(before);
    this.#keys.set(pod.uid, workload);
    group.spreads.clear();
    group.members.set(pod.uid, member);
  }

  /** Takes in that a Pod was deleted. */
  gone(pod: Pick<SlimPod, 'uid' | 'namespace'>): void {
    const workload = this.#keys.get(pod.uid);
    if (workload === undefined) return;
    this.#keys.delete(pod.uid);
    const workloads = this.#namespaces.get(pod.namespace);
    const group = workloads?.get(workload);
    if (workloads === undefined || group === undefined) return;
    this.#leave(group.members.get(pod.uid));
    group.members.delete(pod.uid);
    group.spreads.clear();
    if (group.members.size === 0) workloads.delete(workload);
    if (workloads.size === 0) this.#namespaces.delete(pod.namespace);
  }

  /**
   * Where a workload is, with nodes by their numbers in {@link nodes}: as long as no Pod comes, goes or
   * is bound.
   *
   * @param incomingOwner uid of the owner of a Pod that is just being created: it counts as one
   *   of the newest, although it is nowhere yet
   */
  spread(namespace: string, workload: WorkloadKey, incomingOwner?: string): Spread {
    const group = this.#namespaces.get(namespace)?.get(workload);
    if (group === undefined) return NOWHERE;
    const { members, spreads } = group;
    let spread = spreads.get(incomingOwner);
    if (spread === undefined) {
      // Who sends Pods of ever new owners and never binds one must not fill the memory.
      if (spreads.size >= SPREADS) spreads.clear();
      spreads.set(incomingOwner, (spread = spreadOf(members, incomingOwner)));
    }
    return spread;
  }

  /**
   * Bound Pods of a workload that will remain, by node name.
   * @param incomingOwner as of {@link spread}
   */
  remaining(
    namespace: string,
    workload: WorkloadKey,
    incomingOwner?: string,
  ): ReadonlyMap<string, number> {
    const { nodes, pods } = this.spread(namespace, workload, incomingOwner);
    return this.#byName(nodes, pods);
  }

  /** CPU requests of all bound Pods of a workload, those being replaced too, by node name. */
  requested(namespace: string, workload: WorkloadKey): ReadonlyMap<string, number> {
    const { requestedOn, requestedMillicores } = this.spread(namespace, workload);
    return this.#byName(requestedOn, requestedMillicores);
  }

  #memberOf(pod: SlimPod): Member {
    const { nodeName } = pod;
    return {
      ownerUid: pod.owner?.uid ?? '',
      createdAt: pod.createdAt,
      nodeName,
      node: nodeName === undefined ? undefined : this.nodes.acquire(nodeName),
      cpuMillicores: pod.requests.cpuMillicores,
    };
  }

  #leave(member: Member | undefined): void {
    if (member?.nodeName !== undefined) this.nodes.release(member.nodeName);
  }

  #byName(nodes: readonly number[], amounts: readonly number[]): ReadonlyMap<string, number> {
    return new Map(
      nodes.map((node, index) => [this.nodes.nameOf(node) ?? '', amounts[index] ?? 0]),
    );
  }

  #groupFor(namespace: string, workload: WorkloadKey): Group {
    let workloads = this.#namespaces.get(namespace);
    if (workloads === undefined) {
      this.#namespaces.set(namespace, (workloads = new Map<WorkloadKey, Group>()));
    }
    let group = workloads.get(workload);
    if (group === undefined) {
      workloads.set(workload, (group = { members: new Map(), spreads: new Map() }));
    }
    return group;
  }
}

function isAsBefore(before: Member, pod: SlimPod): boolean {
  return (
    before.nodeName === pod.nodeName &&
    before.ownerUid === (pod.owner?.uid ?? '') &&
    before.createdAt === pod.createdAt &&
    before.cpuMillicores === pod.requests.cpuMillicores
  );
}

// SPDX-License-Identifier: Apache-2.0
import type { ClusterView } from '#cluster/view.ts';
import { workloadKey, type WorkloadKey } from '#cluster/workload.ts';
import { workloadOf } from './owner.ts';

/** Pods of each workload by the node they are bound to. */
type Placements = ReadonlyMap<WorkloadKey, ReadonlyMap<string, number>>;

/** How long the placements of a namespace are kept: a pass over its Pods is not for every Pod. */
const KEEP_MILLISECONDS = 1000;

/** Namespaces kept at the same time. */
const NAMESPACE_LIMIT = 256;

const NOWHERE: ReadonlyMap<string, number> = new Map();

/** Where the workloads of a namespace run now, read from the view at most once a second. */
export class PeerPlacements {
  readonly #kept = new Map<string, { readonly at: number; readonly placements: Placements }>();

  /** Bound Pods of a workload by node name. */
  of(
    namespace: string,
    workload: WorkloadKey,
    view: Pick<ClusterView, 'pods' | 'owner'>,
    now: number,
  ): ReadonlyMap<string, number> {
    let kept = this.#kept.get(namespace);
    if (kept === undefined || Math.abs(now - kept.at) >= KEEP_MILLISECONDS) {
      kept = { at: now, placements: placementsIn(namespace, view) };
      this.#keep(namespace, kept);
    }
    return kept.placements.get(workload) ?? NOWHERE;
  }

  #keep(namespace: string, kept: { readonly at: number; readonly placements: Placements }): void {
    this.#kept.delete(namespace);
    this.#kept.set(namespace, kept);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > NAMESPACE_LIMIT && oldest.done !== true) this.#kept.delete(oldest.value);
  }
}

function placementsIn(namespace: string, view: Pick<ClusterView, 'pods' | 'owner'>): Placements {
  const placements = new Map<WorkloadKey, Map<string, number>>();
  for (const pod of view.pods(namespace)) {
    const gone = pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.deletedAt !== undefined;
    if (pod.nodeName === undefined || gone) continue;
    const key = workloadKey(workloadOf(pod, view));
    const nodes = placements.get(key) ?? new Map<string, number>();
    nodes.set(pod.nodeName, (nodes.get(pod.nodeName) ?? 0) + 1);
    placements.set(key, nodes);
  }
  return placements;
}

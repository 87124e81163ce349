// SPDX-License-Identifier: Apache-2.0
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { NodesByTarget } from './targets.ts';

/** CPU of the usable nodes of one target. */
export interface TargetTotal {
  readonly allocatableMillicores: number;
  readonly requestedMillicores: number;
}

/** Up to so many nodes the sum is made anew for every Pod. */
const SMALL_TARGET_NODES = 64;

/** The sum over a large target is kept for so long; one Pod changes it by next to nothing. */
const KEEP_MILLISECONDS = 1000;

/** Sums over the nodes of a target, made at most once a second where the target is large. */
export class TargetTotals {
  readonly #kept = new WeakMap<readonly SlimNode[], { at: number; total: TargetTotal }>();

  /** The sum for a target; undefined if it has no usable node. */
  of(
    target: string,
    nodesByTarget: NodesByTarget,
    view: Pick<ClusterView, 'requestedOnNode'>,
    now: number,
  ): TargetTotal | undefined {
    const nodes = nodesByTarget.get(target) ?? [];
    if (nodes.length <= SMALL_TARGET_NODES) return sumOf(nodes, view);
    const kept = this.#kept.get(nodes);
    if (kept !== undefined && Math.abs(now - kept.at) < KEEP_MILLISECONDS) return kept.total;
    const total = sumOf(nodes, view);
    if (total !== undefined) this.#kept.set(nodes, { at: now, total });
    return total;
  }
}

function sumOf(
  nodes: readonly SlimNode[],
  view: Pick<ClusterView, 'requestedOnNode'>,
): TargetTotal | undefined {
  let usable = 0;
  let allocatableMillicores = 0;
  let requestedMillicores = 0;
  for (const node of nodes) {
    if (!node.ready || node.unschedulable) continue;
    usable += 1;
    allocatableMillicores += node.allocatable.cpuMillicores;
    requestedMillicores += view.requestedOnNode(node.name).cpuMillicores;
  }
  return usable === 0 ? undefined : { allocatableMillicores, requestedMillicores };
}

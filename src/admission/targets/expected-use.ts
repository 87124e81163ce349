// SPDX-License-Identifier: Apache-2.0
import type { Observation, WorkloadObservation } from '#cluster/model/observation.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { InFlight } from '#admission/remembered/in-flight.ts';
import type { Placements } from '#admission/remembered/placements.ts';
import { labelAt } from '#cluster/objects/selector-match.ts';
import type { TargetsSeen } from './seen-targets.ts';

/** What {@link expectedUse} looks at. */
export interface ExpectedUseInput {
  readonly namespace: string;
  /** Workload and owner of the Pod that is being placed. */
  readonly workload: WorkloadKey;
  readonly ownerUid: string;
  readonly topologyKey: string;
  /** The targets that are asked about. */
  readonly among: readonly string[];
  readonly observation: Pick<Observation, 'workloads'>;
  /** Its targets. */
  readonly seen: TargetsSeen | undefined;
  readonly placements: Placements;
  readonly inFlight: InFlight;
  readonly view: Pick<ClusterView, 'node'>;
  readonly now: number;
}

/** CPU of the measured workloads of a namespace at one target, in thousandths of a core. */
export interface TargetUse {
  /** What they will use there once the rollouts under way are done, Pods on their way included. */
  readonly expectedMillicores: number;
  /** What their bound Pods request there: what the expectation stands in for. */
  readonly requestedMillicores: number;
}

/** A {@link TargetUse} in the making. */
interface Sum {
  expectedMillicores: number;
  requestedMillicores: number;
  readonly speed: number;
}

/**
 * What the workloads whose use is measured will use at each of the targets that are asked about:
 * requests say little about use, and measured utilisation is that of the placement before, not of the
 * one being made. undefined where no workload of the namespace is measured yet.
 */
export function expectedUse(input: ExpectedUseInput): ReadonlyMap<string, TargetUse> | undefined {
  const { namespace, topologyKey, placements, inFlight, now } = input;
  const { workloads } = input.observation;
  // A workload spreads over up to 64 targets of its own; most of the others' are not asked about.
  const sums = new Map<string, Sum>();
  for (const target of input.among) {
    const speed = speedOf(input.seen, target);
    sums.set(target, { expectedMillicores: 0, requestedMillicores: 0, speed });
  }
  const sumsByNode = new Map<string, Sum | undefined>();
  const sumOfNode = (node: string): Sum | undefined => {
    if (!sumsByNode.has(node)) {
      const target = labelAt(input.view.node(node)?.labels ?? {}, topologyKey);
      sumsByNode.set(node, target === undefined ? undefined : sums.get(target));
    }
    return sumsByNode.get(node);
  };
  let measured = false;
  for (const [workload, workloadSeen] of Object.entries(workloads)) {
    const millicores = referenceMillicores(workloadSeen);
    if (millicores === undefined) continue;
    measured = true;
    const expect = (sum: Sum | undefined, pods: number): void => {
      if (sum !== undefined) sum.expectedMillicores += (pods * millicores) / sum.speed;
    };
    const incoming = workload === input.workload ? input.ownerUid : undefined;
    for (const [node, pods] of placements.remaining(namespace, workload, incoming)) {
      expect(sumOfNode(node), pods);
    }
    for (const [node, requested] of placements.requested(namespace, workload)) {
      const sum = sumOfNode(node);
      if (sum !== undefined) sum.requestedMillicores += requested;
    }
    for (const [target, pods] of inFlight.siblings({ namespace, workload, topologyKey }, now)) {
      expect(sums.get(target), pods);
    }
  }
  return measured ? sums : undefined;
}

/** What one Pod of a workload uses, in thousandths of a core of a target of speed 1. */
export function referenceMillicores(seen: WorkloadObservation | undefined): number | undefined {
  const cores = seen?.referenceCores ?? seen?.cpuCores;
  return cores === undefined ? undefined : cores * 1000;
}

/** How fast the cores of a target are, as learned; 1 = nothing known. */
export function speedOf(seen: TargetsSeen | undefined, target: string): number {
  return seen?.get(target)?.speed?.ratio ?? 1;
}

// SPDX-License-Identifier: Apache-2.0
import type { Observation, WorkloadObservation } from '#cluster/model.ts';
import type { ClusterView } from '#cluster/view.ts';
import type { WorkloadKey } from '#cluster/workload.ts';
import type { InFlight } from './in-flight.ts';
import type { Placements } from './placements.ts';
import { labelAt } from '#cluster/selector-match.ts';

/** What {@link expectedUse} looks at. */
export interface ExpectedUseInput {
  readonly namespace: string;
  /** Workload and owner of the Pod that is being placed. */
  readonly workload: WorkloadKey;
  readonly ownerUid: string;
  readonly topologyKey: string;
  readonly observation: Pick<Observation, 'workloads' | 'targets'>;
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

/**
 * What the workloads whose use is measured will use at each target: requests say little about
 * use, and measured utilisation is that of the placement before, not of the one being made.
 * undefined where no workload of the namespace is measured yet.
 */
export function expectedUse(input: ExpectedUseInput): ReadonlyMap<string, TargetUse> | undefined {
  const { namespace, topologyKey, placements, inFlight, now } = input;
  const uses = new Map<string, TargetUse>();
  const targets = new Map<string, string | undefined>();
  const targetOf = (node: string): string | undefined => {
    if (!targets.has(node)) {
      targets.set(node, labelAt(input.view.node(node)?.labels ?? {}, topologyKey));
    }
    return targets.get(node);
  };
  const { targets: seen, workloads } = input.observation;
  const add = (target: string | undefined, reference: number, requested: number): void => {
    if (target === undefined) return;
    const use = uses.get(target) ?? { expectedMillicores: 0, requestedMillicores: 0 };
    uses.set(target, {
      expectedMillicores: use.expectedMillicores + reference / speedOf(seen, target),
      requestedMillicores: use.requestedMillicores + requested,
    });
  };
  let measured = false;
  for (const [workload, workloadSeen] of Object.entries(workloads)) {
    const millicores = referenceMillicores(workloadSeen);
    if (millicores === undefined) continue;
    measured = true;
    const incoming = workload === input.workload ? input.ownerUid : undefined;
    for (const [node, pods] of placements.remaining(namespace, workload, incoming)) {
      add(targetOf(node), pods * millicores, 0);
    }
    for (const [node, requested] of placements.requested(namespace, workload)) {
      add(targetOf(node), 0, requested);
    }
    for (const [target, pods] of inFlight.siblings({ namespace, workload, topologyKey }, now)) {
      add(target, pods * millicores, 0);
    }
  }
  return measured ? uses : undefined;
}

/** What one Pod of a workload uses, in thousandths of a core of a target of speed 1. */
export function referenceMillicores(seen: WorkloadObservation | undefined): number | undefined {
  const cores = seen?.referenceCores ?? seen?.cpuCores;
  return cores === undefined ? undefined : cores * 1000;
}

/** How fast the cores of a target are, as learned; 1 = nothing known. */
export function speedOf(targets: Observation['targets'], target: string): number {
  return Object.hasOwn(targets, target) ? (targets[target]?.speed?.ratio ?? 1) : 1;
}

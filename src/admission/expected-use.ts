// SPDX-License-Identifier: Apache-2.0
import type { WorkloadObservation } from '#cluster/model.ts';
import type { ClusterView } from '#cluster/view.ts';
import type { WorkloadKey } from '#cluster/workload.ts';
import type { InFlight } from './in-flight.ts';
import type { Placements } from './placements.ts';
import { labelAt } from './selectors.ts';

/** What {@link expectedUse} looks at. */
export interface ExpectedUseInput {
  readonly namespace: string;
  /** Workload and owner of the Pod that is being placed. */
  readonly workload: WorkloadKey;
  readonly ownerUid: string;
  readonly topologyKey: string;
  readonly workloads: Readonly<Record<WorkloadKey, WorkloadObservation>>;
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
  const add = (target: string | undefined, expected: number, requested: number): void => {
    if (target === undefined) return;
    const use = uses.get(target) ?? { expectedMillicores: 0, requestedMillicores: 0 };
    uses.set(target, {
      expectedMillicores: use.expectedMillicores + expected,
      requestedMillicores: use.requestedMillicores + requested,
    });
  };
  let measured = false;
  for (const [workload, { cpuCores }] of Object.entries(input.workloads)) {
    if (cpuCores === undefined) continue;
    measured = true;
    const millicores = cpuCores * 1000;
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

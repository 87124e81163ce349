// SPDX-License-Identifier: Apache-2.0
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';

/**
 * Mean CPU use of one Pod of each workload, cores. Kepler (0.10 and later) gives a Pod
 * `P(u) * c / N` watts, with P the power of its node, N its cores and c the cores the Pod keeps
 * busy; so `c = N * podWatts / nodeWatts`. A workload none of whose Pods has both readings is
 * left out: unknown use is not zero use.
 * @param scaleOf what a core of a node counts for, 1 where absent
 */
export function cpuUseOf(
  decisions: readonly PendingDecision[],
  readings: Pick<WindowReadings, 'power'>,
  nodes: ReadonlyMap<string, SlimNode>,
  scaleOf: (nodeName: string) => number = () => 1,
): ReadonlyMap<WorkloadKey, number> {
  const sums = new Map<WorkloadKey, { cores: number; pods: number }>();
  for (const decision of decisions) {
    const used = coresOf(decision, readings, nodes);
    if (used === undefined) continue;
    const cores = used * scaleOf(decision.nodeName ?? '');
    const { workload } = decision.decision;
    const sum = sums.get(workload) ?? { cores: 0, pods: 0 };
    sums.set(workload, { cores: sum.cores + cores, pods: sum.pods + 1 });
  }
  return new Map([...sums].map(([workload, { cores, pods }]) => [workload, cores / pods]));
}

function coresOf(
  { podUid, nodeName }: PendingDecision,
  { power }: Pick<WindowReadings, 'power'>,
  nodes: ReadonlyMap<string, SlimNode>,
): number | undefined {
  const joules = power.podJoules.get(podUid);
  const watts = power.nodeWatts.get(nodeName ?? '');
  const allocatable = nodes.get(nodeName ?? '')?.allocatable.cpuMillicores;
  if (joules?.kind !== 'measured' || watts?.kind !== 'measured') return undefined;
  const cores =
    (((allocatable ?? Number.NaN) / 1000) * (joules.value / joules.windowSeconds)) / watts.value;
  return Number.isFinite(cores) && cores >= 0 ? cores : undefined;
}

/** Steps in which a change of use is worth telling: about a fifth. */
export function useStep(cores: number | undefined): number | undefined {
  return cores === undefined ? undefined : Math.round(4 * Math.log2(cores + 0.01));
}

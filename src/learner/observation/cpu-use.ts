// SPDX-License-Identifier: Apache-2.0
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import { valueOf } from '#learner/readings/value.ts';

/** The meter that gives a Pod its share of all cores, busy or not. */
const BY_ALL_CORES = 'KeplerNew';

/**
 * Mean CPU use of one Pod of each workload, cores. Kepler (0.10 and later) gives a Pod
 * `P(u) * c / N` watts, with P the power of its node, N its cores and c the cores the Pod keeps
 * busy; so `c = N * podWatts / nodeWatts`. Other meters share out all that is drawn, or what is not
 * idle, in proportion to CPU time: of them it is `c = N * u * podJoules / attributedJoules`, a little
 * too much by the work that is no Pod's. A workload none of whose Pods has the readings is left out:
 * unknown use is not zero use.
 * @param scaleOf what a core of a node counts for, 1 where absent
 */
export function cpuUseOf(
  decisions: readonly PendingDecision[],
  readings: Pick<WindowReadings, 'power' | 'load'>,
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
  { podUid, nodeName = '' }: PendingDecision,
  readings: Pick<WindowReadings, 'power' | 'load'>,
  nodes: ReadonlyMap<string, SlimNode>,
): number | undefined {
  const allocatable = nodes.get(nodeName)?.allocatable.cpuMillicores ?? Number.NaN;
  const joules = readings.power.podJoules.get(podUid);
  if (joules?.kind !== 'measured') return undefined;
  const cores = (allocatable / 1000) * shareOf(joules, nodeName, readings);
  return Number.isFinite(cores) && cores >= 0 ? cores : undefined;
}

/** The Pod's share of all cores of its node; NaN = not known. */
function shareOf(
  joules: Measured,
  node: string,
  { power, load }: Pick<WindowReadings, 'power' | 'load'>,
): number {
  const known = (reading: Reading | undefined): number => valueOf(reading) ?? Number.NaN;
  const { meter = BY_ALL_CORES } = power;
  if (meter === BY_ALL_CORES) {
    return joules.value / joules.windowSeconds / known(power.nodeWatts.get(node));
  }
  const ofAll = joules.value / known(power.attributedJoules.get(node));
  return ofAll * known(load.get(node)?.cpuRatio);
}

/** Steps in which a change of use is worth telling: about a fifth. */
export function useStep(cores: number | undefined): number | undefined {
  return cores === undefined ? undefined : Math.round(4 * Math.log2(cores + 0.01));
}

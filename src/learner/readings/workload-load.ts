// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { Edge, LatencyWindow } from '#telemetry/reading/source.ts';

/** A workload and the Pods of it that are in the view, by `namespace/name`. */
export type WorkloadPods = ReadonlyMap<WorkloadKey, readonly string[]>;

/** Peers beyond these (by requests) tell a placement nothing: the busiest edges decide. */
const MOST_PEERS = 8;

/**
 * Requests per second that a workload served in a window, all its Pods together. Undefined when
 * none of them has a reading: unknown load is not zero load.
 * @param pods keys `namespace/podName`.
 */
export function requestRate(pods: readonly string[], latency: LatencyWindow): number | undefined {
  let rate: number | undefined;
  for (const pod of pods) {
    const requests = latency.pods.get(pod)?.requests;
    if (requests?.kind !== 'measured' || !Number.isFinite(requests.value)) continue;
    if (!(requests.windowSeconds > 0)) continue;
    rate = (rate ?? 0) + requests.value / requests.windowSeconds;
  }
  return rate;
}

/**
 * The workloads that each workload calls or is called by, busiest first. Istio names a workload
 * without its kind, so a name stands for every known workload that has it; names we do not know
 * (`unknown`, gateways of other namespaces) are left out.
 */
export function peersOf(
  namespace: string,
  workloads: Iterable<WorkloadKey>,
  edges: readonly Edge[],
): ReadonlyMap<WorkloadKey, readonly WorkloadKey[]> {
  const byName = new Map<string, WorkloadKey[]>();
  for (const key of workloads) {
    const name = key.slice(key.indexOf('/') + 1);
    byName.set(name, [...(byName.get(name) ?? []), key]);
  }
  const weights = new Map<WorkloadKey, Map<WorkloadKey, number>>();
  const add = (from: WorkloadKey, to: WorkloadKey, requests: number): void => {
    const row = weights.get(from) ?? new Map<WorkloadKey, number>();
    row.set(to, (row.get(to) ?? 0) + requests);
    weights.set(from, row);
  };
  for (const edge of edges) {
    if (edge.namespace !== namespace || !(edge.requests > 0)) continue;
    for (const source of byName.get(edge.source) ?? []) {
      for (const destination of byName.get(edge.destination) ?? []) {
        if (source === destination) continue;
        add(source, destination, edge.requests);
        add(destination, source, edge.requests);
      }
    }
  }
  const peers = new Map<WorkloadKey, readonly WorkloadKey[]>();
  for (const [key, row] of weights) {
    const sorted = [...row].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    peers.set(
      key,
      sorted.slice(0, MOST_PEERS).map(([peer]) => peer),
    );
  }
  return peers;
}

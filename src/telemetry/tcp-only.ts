// SPDX-License-Identifier: Apache-2.0
import { endpointKey } from './endpoint.ts';
import type { PodDirectory } from './pod-directory.ts';
import type { MeshPreset } from './preset.ts';
import type { Vector } from './selection.ts';
import type { PodLatency, TcpOnly } from './source.ts';

/** Pods with connections and no requests, and the endpoints that tell of them. */
export interface TcpOnlyPods {
  readonly pods: ReadonlyMap<string, TcpOnly>;
  readonly endpoints: ReadonlySet<string>;
}

/**
 * Finds the Pods of which only connections are seen: databases and caches, which speak no HTTP by
 * design. A sidecar tells of its own Pod; ztunnel tells of workloads, whose Pods the directory
 * knows. A Pod with requests of any kind is not among them.
 */
export function tcpOnlyPods(
  connections: Vector | undefined,
  served: ReadonlyMap<string, PodLatency>,
  { preset, directory }: { readonly preset: MeshPreset; readonly directory: PodDirectory },
): TcpOnlyPods {
  const pods = new Map<string, TcpOnly>();
  const endpoints = new Map<string, string>();
  for (const { labels } of connections ?? []) {
    const { namespace, pod, destination_workload: workload } = labels;
    if (!workload || workload === 'unknown' || !pod) continue;
    const ztunnel = labels['app'] === 'ztunnel' || pod.startsWith('ztunnel-');
    const workloadNamespace = labels['destination_workload_namespace'] ?? '';
    if (ztunnel !== (preset.scope === 'workload')) continue;
    const seenBy = ztunnel ? 'ztunnel' : 'sidecar';
    const names = ztunnel ? directory.podsOf(workloadNamespace, workload) : [pod];
    const home = ztunnel ? workloadNamespace : (namespace ?? '');
    for (const name of names) {
      const key = `${home}/${name}`;
      if (!served.has(key)) pods.set(key, { workload, seenBy });
    }
    if (ztunnel) endpoints.set(endpointKey(labels), endpointKey(labels));
    else if (!served.has(`${home}/${pod}`)) chooseFirst(endpoints, `${home}/${pod}`, labels);
  }
  return { pods, endpoints: new Set(endpoints.values()) };
}

/** A Pod that two jobs scrape is read at the first of them by name. */
function chooseFirst(
  endpoints: Map<string, string>,
  pod: string,
  labels: Readonly<Record<string, string>>,
): void {
  const key = endpointKey(labels);
  const chosen = endpoints.get(pod);
  if (chosen === undefined || key < chosen) endpoints.set(pod, key);
}

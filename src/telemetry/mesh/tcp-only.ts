// SPDX-License-Identifier: Apache-2.0
import { endpointKey } from './endpoint.ts';
import type { PodDirectory } from '#telemetry/reading/pod-directory.ts';
import type { MeshPreset } from '#telemetry/presets/preset.ts';
import type { Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { PodLatency, TcpOnly } from '#telemetry/reading/source.ts';

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
    const seen = sightOf(labels);
    // ztunnel runs beside waypoints, never beside sidecars: each is read with its own.
    if (seen === undefined || (seen.by === 'ztunnel') !== (preset.scope === 'workload')) continue;
    const { namespace, workload, by } = seen;
    const names = by === 'ztunnel' ? directory.podsOf(namespace, workload) : [seen.pod];
    for (const name of names) {
      const key = `${namespace}/${name}`;
      if (!served.has(key)) pods.set(key, { workload, seenBy: by });
    }
    const teller = by === 'ztunnel' ? `ztunnel ${endpointKey(labels)}` : `${namespace}/${seen.pod}`;
    if (!served.has(teller)) chooseFirst(endpoints, teller, labels);
  }
  return { pods, endpoints: new Set(endpoints.values()) };
}

interface Sight {
  readonly by: TcpOnly['seenBy'];
  /** Of the workload. */
  readonly namespace: string;
  readonly workload: string;
  /** That was scraped. */
  readonly pod: string;
}

function sightOf(labels: Labels): Sight | undefined {
  const { namespace = '', pod, destination_workload: workload } = labels;
  if (!workload || workload === 'unknown' || !pod) return undefined;
  const ztunnel = labels['app'] === 'ztunnel' || pod.startsWith('ztunnel-');
  if (!ztunnel) return { by: 'sidecar', namespace, workload, pod };
  const home = labels['destination_workload_namespace'] ?? '';
  return { by: 'ztunnel', namespace: home, workload, pod };
}

/** A Pod that two jobs scrape is read at the first of them by name. */
function chooseFirst(endpoints: Map<string, string>, pod: string, labels: Labels): void {
  const key = endpointKey(labels);
  const chosen = endpoints.get(pod);
  if (chosen === undefined || key < chosen) endpoints.set(pod, key);
}

// SPDX-License-Identifier: Apache-2.0
import { endpointKey } from './endpoint.ts';
import { groupKey, type Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { Edge } from '#telemetry/reading/source.ts';
import type { Answers } from '#telemetry/series/vector-source.ts';

const IDENTITY = [
  'namespace',
  'pod',
  'job',
  'instance',
  'source_workload',
  'source_workload_namespace',
  'destination_workload',
  'destination_workload_namespace',
];

/**
 * Who calls whom inside a namespace, from the sidecars of `endpoints` (keys). Requests are
 * counted per Pod, so that a Pod that comes or goes resets nothing, and then added up. A
 * connection of a service that speaks no HTTP (a database) counts as one request; one that was
 * opened before the window is still an edge, with 0 requests. Calls from outside the namespace
 * and from callers without a sidecar (`unknown`) are no edges.
 */
export function readEdges(
  answers: Answers<'callsBefore' | 'callsAfter' | 'connectionsBefore' | 'connectionsAfter'>,
  endpoints: ReadonlySet<string>,
): readonly Edge[] {
  const edges = new Map<string, Edge>();
  const sources = [
    [answers.callsBefore, answers.callsAfter],
    [answers.connectionsBefore, answers.connectionsAfter],
  ] as const;
  for (const [before, after] of sources) {
    if (before !== undefined && after !== undefined) addEdges(edges, { before, after, endpoints });
  }
  return [...edges.values()];
}

interface Calls {
  readonly before: Vector;
  readonly after: Vector;
  readonly endpoints: ReadonlySet<string>;
}

function addEdges(edges: Map<string, Edge>, calls: Calls): void {
  const before = new Map(
    calls.before.map(({ labels, value }) => [groupKey(labels, IDENTITY), value]),
  );
  for (const { labels, value } of calls.after) {
    const ends = endsOf(labels);
    if (ends === undefined || !calls.endpoints.has(endpointKey(labels))) continue;
    const requests = value - (before.get(groupKey(labels, IDENTITY)) ?? 0);
    // One that fell lost what it held before; what it holds now is not this window's either.
    if (!Number.isFinite(requests) || requests < 0) continue;
    const key = [ends.namespace, ends.source, ends.destination].join('\u0000');
    edges.set(key, { ...ends, requests: requests + (edges.get(key)?.requests ?? 0) });
  }
}

function endsOf(labels: Labels): Omit<Edge, 'requests'> | undefined {
  const source = known(labels['source_workload']);
  const destination = known(labels['destination_workload']);
  const namespace = known(labels['destination_workload_namespace']) ?? known(labels['namespace']);
  if (source === undefined || destination === undefined || namespace === undefined) {
    return undefined;
  }
  const from = known(labels['source_workload_namespace']) ?? namespace;
  return from === namespace ? { namespace, source, destination } : undefined;
}

function known(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value === 'unknown' ? undefined : value;
}

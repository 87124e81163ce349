// SPDX-License-Identifier: Apache-2.0
import type { ServiceSpec } from '#simulator/application/application.ts';
import { Exposition, type Labels } from './exposition.ts';
import type { SeenTraffic } from '#simulator/engine/traffic-table.ts';
import { ISTIO_BUCKETS, relayedEnds, type Edge } from '#simulator/engine/traffic.ts';

/** Bytes of one TCP exchange. Assumed: a memcached key out, a small value back. */
const TCP_REQUEST_BYTES = 64;
const TCP_RESPONSE_BYTES = 1024;

/** One proxy and what it saw. */
export interface ProxyView {
  readonly namespace: string;
  /** The Pod's own service. */
  readonly service: ServiceSpec;
  /** Services by engine number: the far ends of the edges. */
  readonly services: readonly ServiceSpec[];
  readonly inbound: SeenTraffic;
  readonly outbound: SeenTraffic;
}

/** An edge as one reporter names it. */
interface Row {
  readonly labels: Labels;
  readonly edge: Edge;
  readonly destination: ServiceSpec;
  readonly reporter: 'source' | 'destination' | 'waypoint';
}

/**
 * What a sidecar exposes: Istio's standard metrics with the full label set, as reporter
 * `destination` for the calls it served and `source` for those it sent.
 */
export function istioPage(view: ProxyView): string {
  const rows = [...rowsOf(view, 'destination'), ...rowsOf(view, 'source')];
  const page = new Exposition('envoy');
  writeRequests(
    page,
    rows.filter((row) => row.destination.protocol !== 'tcp'),
  );
  writeTcp(
    page,
    rows.filter((row) => row.destination.protocol === 'tcp'),
  );
  return page.toString();
}

/** A waypoint and what it passed on. */
export interface WaypointView {
  readonly namespace: string;
  readonly services: readonly ServiceSpec[];
  readonly relayed: SeenTraffic | undefined;
}

/**
 * What a waypoint exposes: Istio's standard metrics as reporter `waypoint`, once for each call
 * between two services, timed where it passes. It sees no TCP.
 */
export function waypointPage({ namespace, services, relayed }: WaypointView): string {
  const page = new Exposition('envoy');
  const rows: Row[] = [];
  for (const edge of relayed?.edges() ?? []) {
    const ends = relayedEnds(edge.peer, services.length);
    const destination = services[ends.destination];
    if (destination === undefined) continue;
    const reporter = 'waypoint';
    const labels = edgeLabels(
      { namespace, reporter },
      services[ends.source],
      destination,
      edge.failed,
    );
    rows.push({ labels, edge, destination, reporter });
  }
  writeRequests(page, rows);
  return page.toString();
}

function rowsOf(view: ProxyView, reporter: 'source' | 'destination'): Row[] {
  const traffic = reporter === 'destination' ? view.inbound : view.outbound;
  const rows: Row[] = [];
  for (const edge of traffic.edges()) {
    const peer = view.services[edge.peer];
    const destination = reporter === 'destination' ? view.service : peer;
    const source = reporter === 'destination' ? peer : view.service;
    if (destination === undefined) continue;
    const labels = edgeLabels({ ...view, reporter }, source, destination, edge.failed);
    rows.push({ labels, edge, destination, reporter });
  }
  return rows;
}

/** The labels of one edge, in Istio's order. Missing values are `unknown`. */
function edgeLabels(
  view: { readonly namespace: string; readonly reporter: string },
  source: ServiceSpec | undefined,
  destination: ServiceSpec,
  failed: boolean,
): Labels {
  const { namespace } = view;
  const known = source !== undefined;
  const ifKnown = (value: string): string => (known ? value : 'unknown');
  const workload = source?.name ?? 'unknown';
  const principal = ifKnown(`spiffe://cluster.local/ns/${namespace}/sa/default`);
  return {
    reporter: view.reporter,
    source_workload: workload,
    source_canonical_service: workload,
    source_canonical_revision: 'latest',
    source_workload_namespace: ifKnown(namespace),
    source_principal: principal,
    source_app: 'unknown',
    source_version: 'unknown',
    source_cluster: ifKnown('Kubernetes'),
    destination_workload: destination.name,
    destination_workload_namespace: namespace,
    destination_principal: principal,
    destination_app: 'unknown',
    destination_version: 'unknown',
    destination_service: `${destination.name}.${namespace}.svc.cluster.local`,
    destination_canonical_service: destination.name,
    destination_canonical_revision: 'latest',
    destination_service_name: destination.name,
    destination_service_namespace: namespace,
    destination_cluster: 'Kubernetes',
    request_protocol: destination.protocol,
    ...responseLabels(destination, failed),
    response_flags: '-',
    connection_security_policy: security(view.reporter, known),
  };
}

/** For gRPC the HTTP code is 200 even on errors; TCP has no response. */
function responseLabels(destination: ServiceSpec, failed: boolean): Labels {
  switch (destination.protocol) {
    case 'tcp':
      return {};
    case 'grpc':
      return { response_code: '200', grpc_response_status: failed ? '13' : '0' };
    case 'http':
      return { response_code: failed ? '500' : '200', grpc_response_status: '' };
  }
}

function security(reporter: string, known: boolean): string {
  if (reporter === 'source') return 'unknown';
  return known ? 'mutual_tls' : 'none';
}

function writeRequests(page: Exposition, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  page.family('istio_requests_total', 'counter', 'Requests handled by the proxy');
  for (const { labels, edge } of rows)
    page.sample('istio_requests_total', labels, edge.counts.count);
  const name = 'istio_request_duration_milliseconds';
  page.family(name, 'histogram', 'Duration of requests');
  for (const { labels, edge } of rows) {
    let cumulative = 0;
    edge.counts.buckets.forEach((count, i) => {
      cumulative += count;
      const bound = ISTIO_BUCKETS[i];
      const le = bound === undefined ? '+Inf' : String(bound);
      page.sample(`${name}_bucket`, { ...labels, le }, cumulative);
    });
    page.sample(`${name}_sum`, labels, edge.counts.sumMilliseconds);
    page.sample(`${name}_count`, labels, edge.counts.count);
  }
}

function writeTcp(page: Exposition, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  const families: readonly [string, string, (row: Row) => number][] = [
    ['istio_tcp_connections_opened_total', 'Connections opened', () => 1],
    ['istio_tcp_connections_closed_total', 'Connections closed', () => 0],
    ['istio_tcp_sent_bytes_total', 'Bytes sent as response', (row) => sent(row)],
    ['istio_tcp_received_bytes_total', 'Bytes received as request', (row) => received(row)],
  ];
  for (const [name, help, value] of families) {
    page.family(name, 'counter', help);
    for (const row of rows) page.sample(name, row.labels, value(row));
  }
}

function sent(row: Row): number {
  return row.edge.counts.count * TCP_RESPONSE_BYTES;
}

function received(row: Row): number {
  return row.edge.counts.count * TCP_REQUEST_BYTES;
}

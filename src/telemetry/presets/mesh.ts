// SPDX-License-Identifier: Apache-2.0
import { defineMesh } from './define.ts';
import type { MeshDefinition } from './definition.ts';
import type { MeshPreset } from './preset.ts';

const CALLS = {
  sourceWorkload: ['source_workload'],
  sourceNamespace: ['source_workload_namespace'],
  destinationWorkload: ['destination_workload'],
  destinationNamespace: ['destination_workload_namespace'],
};

/** What Istio's proxies tell, by who reports. */
function istio(
  reporter: string,
): Pick<MeshDefinition, 'requests' | 'durations' | 'calls' | 'connections'> {
  const where = { reporter: [reporter] };
  return {
    requests: {
      metric: 'istio_requests_total',
      where,
      labels: { responseCode: ['response_code'], grpcStatus: ['grpc_response_status'] },
    },
    durations: {
      metric: 'istio_request_duration_milliseconds',
      unit: 'Milliseconds',
      where,
    },
    calls: { metric: 'istio_requests_total', where, labels: CALLS, reportedBy: 'Destination' },
    connections: {
      metric: 'istio_tcp_connections_opened_total',
      where: { reporter: ['destination'] },
      labels: { ...CALLS, app: ['app'] },
    },
  };
}

/** A sidecar in every Pod: the server's side of every request. */
const ISTIO_SIDECAR: MeshDefinition = {
  name: 'IstioSidecar',
  description: 'Istio with sidecars.',
  limits: [
    'what the network adds: durations are those at the server',
    'p99 between 10 and 25 ms with its usual buckets; see `doctor`',
    'requests of what speaks no HTTP (only its connections)',
  ],
  detect: [
    { metric: 'istio_requests_total', where: { reporter: ['destination'] } },
    { metric: 'istio_request_duration_milliseconds_count', where: { reporter: ['destination'] } },
    { metric: 'istio_tcp_connections_opened_total', where: { reporter: ['destination'] } },
  ],
  scope: 'Pod',
  ...istio('destination'),
};

/** Waypoints see requests by workload; ztunnel sees connections and nothing above them. */
const ISTIO_AMBIENT: MeshDefinition = {
  name: 'IstioAmbient',
  description: 'Istio without sidecars: waypoints and ztunnel.',
  limits: [
    'which Pod of a workload served: each is given an equal share',
    'latency and requests where there is no waypoint: ztunnel sees connections only',
    'the energy of waypoint and ztunnel as part of a Pod',
  ],
  detect: [
    { metric: 'istio_requests_total', where: { reporter: ['waypoint'] } },
    { metric: 'istio_tcp_connections_opened_total', where: { app: ['ztunnel'] } },
    { metric: 'istio_tcp_sockets_open' },
    { metric: 'istio_tcp_connections_failed_total' },
  ],
  scope: 'Workload',
  served: { workload: ['destination_workload'], namespace: ['destination_workload_namespace'] },
  ...istio('waypoint'),
};

/** Linkerd's proxy: it judges itself what failed; latency is to the first byte. */
const LINKERD: MeshDefinition = {
  name: 'Linkerd',
  description: "Linkerd's proxy.",
  limits: [
    'the time to the last byte: its latency ends with the first',
    'connections of what speaks no HTTP',
  ],
  detect: [{ metric: 'response_total', where: { direction: ['inbound'] } }],
  scope: 'Pod',
  requests: {
    metric: 'response_total',
    where: { direction: ['inbound'] },
    labels: { outcome: ['classification'] },
  },
  durations: {
    metric: 'response_latency_ms',
    unit: 'Milliseconds',
    where: { direction: ['inbound'] },
  },
  // Only the caller's proxy knows both ends by name.
  calls: {
    metric: 'response_total',
    where: { direction: ['outbound'] },
    present: ['dst_namespace'],
    labels: {
      sourceWorkload: ['deployment', 'statefulset', 'daemonset', 'k8s_job'],
      sourceNamespace: ['namespace'],
      destinationWorkload: ['dst_deployment', 'dst_statefulset', 'dst_daemonset', 'dst_k8s_job'],
      destinationNamespace: ['dst_namespace'],
    },
    reportedBy: 'Source',
  },
};

/** Servers instrumented after OpenTelemetry's HTTP conventions, as Prometheus names them. */
const OPEN_TELEMETRY: MeshDefinition = {
  name: 'OpenTelemetry',
  description: "Servers instrumented after OpenTelemetry's HTTP conventions.",
  limits: ['failed gRPC calls: their HTTP code is 200', 'who calls whom', 'connections'],
  detect: [
    { metric: 'http_server_request_duration_seconds_count' },
    { metric: 'http_server_request_duration_seconds' },
  ],
  scope: 'Pod',
  endpoint: { namespace: ['k8s_namespace_name', 'namespace'], pod: ['k8s_pod_name', 'pod'] },
  requests: {
    metric: 'http_server_request_duration_seconds_count',
    labels: { responseCode: ['http_response_status_code'] },
  },
  durations: { metric: 'http_server_request_duration_seconds', unit: 'Seconds' },
};

/** A plain Envoy beside the server: response classes, no peers. `admin` is its own interface. */
const NOT_ADMIN = { envoy_http_conn_manager_prefix: ['admin'] };
const ENVOY: MeshDefinition = {
  name: 'Envoy',
  description: 'A plain Envoy beside the server.',
  limits: ['failed gRPC calls: their HTTP code is 200', 'who calls whom', 'connections'],
  detect: [{ metric: 'envoy_http_downstream_rq_xx' }],
  scope: 'Pod',
  requests: {
    metric: 'envoy_http_downstream_rq_xx',
    except: NOT_ADMIN,
    labels: { responseCode: ['envoy_response_code_class'] },
  },
  durations: {
    metric: 'envoy_http_downstream_rq_time',
    unit: 'Milliseconds',
    except: NOT_ADMIN,
  },
};

/** The shipped meshes as data. */
export const MESH_DEFINITIONS: readonly MeshDefinition[] = [
  ISTIO_SIDECAR,
  ISTIO_AMBIENT,
  LINKERD,
  OPEN_TELEMETRY,
  ENVOY,
];

/**
 * The shipped meshes. All that are found are read; where two know the same Pod, the first in this
 * order counts.
 */
export const MESH_PRESETS: readonly MeshPreset[] = MESH_DEFINITIONS.map(defineMesh);

/** One of {@link MESH_PRESETS}; the first where there is none of that name. */
export function meshPreset(name: string): MeshPreset {
  const [first] = MESH_PRESETS;
  return MESH_PRESETS.find((preset) => preset.name === name) ?? first ?? defineMesh(ISTIO_SIDECAR);
}

// SPDX-License-Identifier: Apache-2.0
import type { MeshName, MeshPreset, SeriesOf } from './preset.ts';

/** A Pod's scraped endpoint: one Pod may be scraped twice, and must not count twice. */
const ENDPOINT = { namespace: 'namespace', pod: 'pod', job: 'job', instance: 'instance' };
const CODES = { response_code: 'response_code', grpc_response_status: 'grpc_response_status' };
const WORKLOAD = {
  destination_workload: 'destination_workload',
  destination_workload_namespace: 'destination_workload_namespace',
};
const EDGE = {
  ...ENDPOINT,
  source_workload: 'source_workload',
  source_workload_namespace: 'source_workload_namespace',
  ...WORKLOAD,
};

function istio(
  reporter: string,
  more: SeriesOf['labels'],
): Pick<MeshPreset, 'requests' | 'durations' | 'calls' | 'reportsCallsAs'> {
  const where = { reporter: [reporter] };
  return {
    requests: { metric: 'istio_requests_total', where, labels: { ...ENDPOINT, ...more, ...CODES } },
    durations: {
      metric: 'istio_request_duration_milliseconds_bucket',
      native: 'istio_request_duration_milliseconds',
      unit: 1,
      where,
      labels: { ...ENDPOINT, ...more, le: 'le' },
    },
    calls: { metric: 'istio_requests_total', where, labels: EDGE },
    reportsCallsAs: 'destination',
  };
}

/** A sidecar in every Pod: the server's side of every request. */
const ISTIO_SIDECAR: MeshPreset = {
  name: 'IstioSidecar',
  detect: [
    { metric: 'istio_requests_total', where: { reporter: ['destination'] } },
    { metric: 'istio_request_duration_milliseconds_count', where: { reporter: ['destination'] } },
    { metric: 'istio_tcp_connections_opened_total', where: { reporter: ['destination'] } },
  ],
  scope: 'pod',
  ...istio('destination', {}),
  connections: {
    metric: 'istio_tcp_connections_opened_total',
    where: { reporter: ['destination'] },
    labels: { ...EDGE, app: 'app' },
  },
};

/** Waypoints see requests by workload; ztunnel sees connections and nothing above them. */
const ISTIO_AMBIENT: MeshPreset = {
  name: 'IstioAmbient',
  detect: [
    { metric: 'istio_requests_total', where: { reporter: ['waypoint'] } },
    { metric: 'istio_tcp_connections_opened_total', where: { app: ['ztunnel'] } },
    { metric: 'istio_tcp_sockets_open' },
    { metric: 'istio_tcp_connections_failed_total' },
  ],
  scope: 'workload',
  ...istio('waypoint', WORKLOAD),
  connections: {
    metric: 'istio_tcp_connections_opened_total',
    where: { reporter: ['destination'] },
    labels: { ...EDGE, app: 'app' },
  },
};

/** Linkerd's proxy: it judges itself what failed; latency is to the first byte. */
const LINKERD: MeshPreset = {
  name: 'Linkerd',
  detect: [{ metric: 'response_total', where: { direction: ['inbound'] } }],
  scope: 'pod',
  requests: {
    metric: 'response_total',
    where: { direction: ['inbound'] },
    labels: { ...ENDPOINT, outcome: 'classification' },
  },
  durations: {
    metric: 'response_latency_ms_bucket',
    native: 'response_latency_ms',
    unit: 1,
    where: { direction: ['inbound'] },
    labels: { ...ENDPOINT, le: 'le' },
  },
  // Only the caller's proxy knows both ends by name.
  calls: {
    metric: 'response_total',
    where: { direction: ['outbound'] },
    present: ['dst_namespace'],
    labels: {
      ...ENDPOINT,
      source_workload: ['deployment', 'statefulset', 'daemonset', 'k8s_job'],
      source_workload_namespace: 'namespace',
      destination_workload: ['dst_deployment', 'dst_statefulset', 'dst_daemonset', 'dst_k8s_job'],
      destination_workload_namespace: 'dst_namespace',
    },
  },
  reportsCallsAs: 'source',
  connections: undefined,
};

/** Servers instrumented after OpenTelemetry's HTTP conventions, as Prometheus names them. */
const OPEN_TELEMETRY_ENDPOINT = {
  namespace: ['k8s_namespace_name', 'namespace'],
  pod: ['k8s_pod_name', 'pod'],
  job: 'job',
  instance: 'instance',
};
const OPEN_TELEMETRY: MeshPreset = {
  name: 'OpenTelemetry',
  detect: [
    { metric: 'http_server_request_duration_seconds_count' },
    { metric: 'http_server_request_duration_seconds' },
  ],
  scope: 'pod',
  requests: {
    metric: 'http_server_request_duration_seconds_count',
    labels: { ...OPEN_TELEMETRY_ENDPOINT, response_code: 'http_response_status_code' },
  },
  durations: {
    metric: 'http_server_request_duration_seconds_bucket',
    native: 'http_server_request_duration_seconds',
    unit: 1000,
    labels: { ...OPEN_TELEMETRY_ENDPOINT, le: 'le' },
  },
  calls: undefined,
  reportsCallsAs: 'destination',
  connections: undefined,
};

/** A plain Envoy beside the server: response classes, no peers. `admin` is its own interface. */
const NOT_ADMIN = { envoy_http_conn_manager_prefix: ['admin'] };
const ENVOY: MeshPreset = {
  name: 'Envoy',
  detect: [{ metric: 'envoy_http_downstream_rq_xx' }],
  scope: 'pod',
  requests: {
    metric: 'envoy_http_downstream_rq_xx',
    except: NOT_ADMIN,
    labels: { ...ENDPOINT, response_code: 'envoy_response_code_class' },
  },
  durations: {
    metric: 'envoy_http_downstream_rq_time_bucket',
    native: 'envoy_http_downstream_rq_time',
    unit: 1,
    except: NOT_ADMIN,
    labels: { ...ENDPOINT, le: 'le' },
  },
  calls: undefined,
  reportsCallsAs: 'destination',
  connections: undefined,
};

/**
 * Every mesh that is known. All that are found are read; where two know the same Pod, the first
 * in this order counts.
 */
export const MESH_PRESETS: readonly MeshPreset[] = [
  ISTIO_SIDECAR,
  ISTIO_AMBIENT,
  LINKERD,
  OPEN_TELEMETRY,
  ENVOY,
];

/** One of {@link MESH_PRESETS}. */
export function meshPreset(name: MeshName): MeshPreset {
  return MESH_PRESETS.find((preset) => preset.name === name) ?? ISTIO_SIDECAR;
}

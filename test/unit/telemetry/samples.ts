// SPDX-License-Identifier: Apache-2.0

/*
 * What exporters say, after `seconds` of a scripted truth: one page per preset, with the labels
 * and the noise of the real ones. The same pages are read from memory and by a real Prometheus.
 */

/** The script: the same for every page. */
export const TRUTH = {
  node: 'worker-a',
  nodeWatts: 140,
  podWatts: 52.5,
  requestsPerSecond: 40,
  failedShare: 0.05,
  /** Half of the requests at most 5 ms, the rest evenly up to 10 ms. */
  p50Milliseconds: 5,
  p99Milliseconds: 9.9,
} as const;

const POD = 'geo-6d5f7c9b8-abcde';
export const POD_UID = '11111111-1111-4111-8111-111111111111';

/** What the API server knows of the Pods that the pages name. */
export const LISTED = [
  {
    uid: POD_UID,
    namespace: 'hotel',
    name: POD,
    nodeName: TRUTH.node,
    labels: { 'pod-template-hash': '6d5f7c9b8' },
    owner: { kind: 'ReplicaSet', name: 'geo-6d5f7c9b8' },
    readyAt: 1,
  },
  {
    uid: 'scaphandre-uid',
    namespace: 'monitoring',
    name: 'scaphandre-x',
    nodeName: TRUTH.node,
    labels: {},
    owner: { kind: 'DaemonSet', name: 'scaphandre' },
    readyAt: 1,
  },
  {
    uid: 'mongo-uid',
    namespace: 'hotel',
    name: 'mongodb-0',
    nodeName: TRUTH.node,
    labels: {},
    owner: { kind: 'StatefulSet', name: 'mongodb' },
    readyAt: 1,
  },
] as const;

/** Kepler up to 0.9: two sockets, two modes, two containers, and work of the system. */
export function keplerOldPage(seconds: number, source = 'rapl-sysfs'): string {
  const lines = ['kepler_exporter_build_info{branch="main",version="v0.9.0"} 1'];
  for (const socket of ['0', '1']) {
    for (const [mode, watts] of [
      ['dynamic', 50],
      ['idle', 20],
    ] as const) {
      lines.push(
        `kepler_node_package_joules_total{instance="${TRUTH.node}",mode="${mode}",package="${socket}",source="${source}"} ${5000 + watts * seconds}`,
        `kepler_node_dram_joules_total{instance="${TRUTH.node}",mode="${mode}",package="${socket}",source="${source}"} ${3 * seconds}`,
      );
    }
  }
  const container = (name: string, pod: string, namespace: string, watts: number): void => {
    for (const [mode, share] of [
      ['dynamic', 1],
      ['idle', 0.4],
    ] as const) {
      lines.push(
        `kepler_container_package_joules_total{container_id="${name}-id",container_name="${name}",container_namespace="${namespace}",mode="${mode}",pod_name="${pod}",source="${source}"} ${100 + share * watts * seconds}`,
      );
    }
  };
  container('geo', POD, 'hotel', TRUTH.podWatts - 10);
  container('istio-proxy', POD, 'hotel', 10);
  container('system_processes', 'system_processes', 'system', 30);
  return `${lines.join('\n')}\n`;
}

/** Kepler from 0.10 on. */
export function keplerNewPage(seconds: number): string {
  const node = `node_name="${TRUTH.node}"`;
  return [
    'kepler_build_info{arch="amd64",branch="",goversion="go1.26.8",revision="",version="v0.11.4"} 1',
    `kepler_node_cpu_watts{${node},path="aggregated-package",zone="package"} ${TRUTH.nodeWatts}`,
    `kepler_node_cpu_watts{${node},path="/sys/intel-rapl:0:0",zone="dram"} 8.6`,
    `kepler_node_cpu_usage_ratio{${node}} 0.625`,
    `kepler_pod_cpu_joules_total{${node},pod_id="${POD_UID}",pod_name="${POD}",pod_namespace="hotel",state="running",zone="package"} ${TRUTH.podWatts * seconds}`,
    '',
  ].join('\n');
}

/** Scaphandre: microwatts of the host and of two processes of one Pod. */
export function scaphandrePage(): string {
  const process = (pid: number, watts: number, labels: string): string =>
    `scaph_process_power_consumption_microwatts{exe="geo",pid="${pid}"${labels}} ${watts * 1e6}`;
  const pod = `,kubernetes_pod_name="${POD}",kubernetes_pod_namespace="hotel"`;
  return [
    `scaph_host_power_microwatts{value_source="powercap_rapl_pkg"} ${TRUTH.nodeWatts * 1e6}`,
    process(1, 40, pod),
    process(2, 12.5, pod),
    process(3, 30, ''),
    '',
  ].join('\n');
}

/** Cumulative counts of a histogram by upper bound in milliseconds. */
function bucketsOf(all: number, unit = 1): [string, number][] {
  return [
    [String(1 / unit), 0],
    [String(5 / unit), all * 0.5],
    [String(10 / unit), all],
    [String(25 / unit), all],
    ['+Inf', all],
  ];
}

function counts(seconds: number): { all: number; failed: number; good: number } {
  const all = TRUTH.requestsPerSecond * seconds;
  const failed = all * TRUTH.failedShare;
  return { all, failed, good: all - failed };
}

function istioLabels(reporter: string, protocol: string): string {
  return `reporter="${reporter}",source_workload="frontend",source_canonical_service="frontend",source_workload_namespace="hotel",destination_workload="geo",destination_workload_namespace="hotel",destination_service="geo.hotel.svc.cluster.local",request_protocol="${protocol}",connection_security_policy="mutual_tls"`;
}

/** Istio's page of one proxy, with half of the failures as HTTP codes and half as gRPC codes. */
export function istioPage(seconds: number, reporter: 'destination' | 'waypoint'): string {
  const { all, failed, good } = counts(seconds);
  const http = istioLabels(reporter, 'http');
  const grpc = istioLabels(reporter, 'grpc');
  const lines = [
    `istio_requests_total{${http},response_code="200",grpc_response_status="",response_flags="-"} ${good / 2}`,
    `istio_requests_total{${grpc},response_code="200",grpc_response_status="0",response_flags="-"} ${good / 2}`,
    `istio_requests_total{${http},response_code="503",grpc_response_status="",response_flags="UF"} ${failed / 2}`,
    `istio_requests_total{${grpc},response_code="200",grpc_response_status="14",response_flags="-"} ${failed / 2}`,
  ];
  for (const [le, count] of bucketsOf(all)) {
    lines.push(
      `istio_request_duration_milliseconds_bucket{${http},response_code="200",le="${le}"} ${count}`,
    );
  }
  lines.push(`istio_request_duration_milliseconds_count{${http},response_code="200"} ${all}`, '');
  return lines.join('\n');
}

/** Connections of a workload that speaks no HTTP, as a sidecar or as ztunnel reports them. */
export function tcpPage(seconds: number, workload = 'mongodb'): string {
  const labels = `source_workload="geo",source_workload_namespace="hotel",destination_workload="${workload}",destination_workload_namespace="hotel",request_protocol="tcp",connection_security_policy="mutual_tls",response_flags="-"`;
  return [
    `istio_tcp_connections_opened_total{reporter="destination",${labels}} ${3 + Math.floor(seconds / 20)}`,
    `istio_tcp_received_bytes_total{reporter="destination",${labels}} ${1000 * seconds}`,
    '',
  ].join('\n');
}

/** ztunnel's page: connections of workloads on its node, and its own sockets. */
export function ztunnelPage(seconds: number, workload: string): string {
  return `${tcpPage(seconds, workload)}istio_tcp_sockets_open{reporter="destination",destination_workload="${workload}"} 4\n`;
}

/** Linkerd's proxy; `inbound` is what its Pod served. */
export function linkerdPage(seconds: number): string {
  const { all, failed, good } = counts(seconds);
  const inbound = 'direction="inbound",tls="true",client_id="frontend.hotel",srv_kind="server"';
  const lines = [
    `response_total{${inbound},status_code="200",classification="success"} ${good}`,
    `response_total{${inbound},status_code="200",grpc_status="14",classification="failure"} ${failed}`,
    `response_total{direction="outbound",dst_deployment="rate",dst_namespace="hotel",status_code="200",classification="success"} ${2 * all}`,
  ];
  for (const [le, count] of bucketsOf(all)) {
    lines.push(`response_latency_ms_bucket{${inbound},status_code="200",le="${le}"} ${count}`);
  }
  lines.push(
    'response_latency_ms_bucket{direction="outbound",dst_deployment="rate",dst_namespace="hotel",status_code="200",le="+Inf"} 7',
    '',
  );
  return lines.join('\n');
}

/** OpenTelemetry's HTTP server metrics, in seconds. */
export function openTelemetryPage(seconds: number): string {
  const { all, failed, good } = counts(seconds);
  const labels = 'http_request_method="GET",http_route="/hotels",url_scheme="http"';
  const lines = [
    `http_server_request_duration_seconds_count{${labels},http_response_status_code="200"} ${good}`,
    `http_server_request_duration_seconds_count{${labels},http_response_status_code="500"} ${failed}`,
  ];
  for (const [le, count] of bucketsOf(all, 1000)) {
    lines.push(
      `http_server_request_duration_seconds_bucket{${labels},http_response_status_code="200",le="${le}"} ${count}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A plain Envoy, whose own interface serves requests, too. */
export function envoyPage(seconds: number): string {
  const { all, failed, good } = counts(seconds);
  const lines: string[] = [];
  for (const [prefix, factor] of [
    ['ingress_http', 1],
    ['admin', 9],
  ] as const) {
    const labels = `envoy_http_conn_manager_prefix="${prefix}"`;
    lines.push(
      `envoy_http_downstream_rq_xx{envoy_response_code_class="2",${labels}} ${good * factor}`,
      `envoy_http_downstream_rq_xx{envoy_response_code_class="5",${labels}} ${failed * factor}`,
    );
    for (const [le, count] of bucketsOf(all)) {
      lines.push(`envoy_http_downstream_rq_time_bucket{${labels},le="${le}"} ${count * factor}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** cAdvisor on the node: 2.5 of 4 cores busy, 6 of 16 GB in use. */
export function cadvisorPage(seconds: number): string {
  return [
    `container_cpu_usage_seconds_total{cpu="total",id="/",image=""} ${2.5 * seconds}`,
    `container_cpu_usage_seconds_total{cpu="total",id="/kubepods/pod1",image="geo"} ${1.5 * seconds}`,
    'container_memory_working_set_bytes{id="/",image=""} 6e9',
    'container_memory_working_set_bytes{id="/kubepods/pod1",image="geo"} 1e9',
    'machine_cpu_cores 4',
    'machine_memory_bytes 16e9',
    '',
  ].join('\n');
}

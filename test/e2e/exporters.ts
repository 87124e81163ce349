// SPDX-License-Identifier: Apache-2.0
import { Exposition } from './exposition.ts';
import type { Labels } from './exposition.ts';
import { DURATION_BUCKETS } from './load-model.ts';
import type { Machine, ServingPod, Traffic } from './load-model.ts';

/** Zones of the meter; they overlap, so that whoever sums them gets wrong watts. */
const ZONES = [
  { zone: 'package', path: 'aggregated-package', share: 1 },
  { zone: 'core', path: '/host/sys/class/powercap/intel-rapl:0:1', share: 0.8 },
  { zone: 'dram', path: '/host/sys/class/powercap/intel-rapl:0:0', share: 0.12 },
] as const;

/** What Kepler 0.10 and newer exports on one node. */
export function keplerText(machine: Machine, pods: readonly ServingPod[]): string {
  const out = new Exposition();
  const node = { node_name: machine.name };
  out
    .family('kepler_build_info', 'gauge', "A metric with a constant '1' value")
    .sample('kepler_build_info', { arch: 'amd64', branch: '', revision: '', version: '0.11.4' }, 1);
  const nodeRow = (name: string, type: 'counter' | 'gauge', value: number): void => {
    out.family(name, type, 'Energy or power of the node');
    for (const { zone, path, share } of ZONES) {
      out.sample(name, { ...node, path, zone }, value * share);
    }
  };
  const idle = 1 - machine.utilisation;
  nodeRow('kepler_node_cpu_joules_total', 'counter', machine.joules);
  nodeRow('kepler_node_cpu_active_joules_total', 'counter', machine.activeJoules);
  nodeRow('kepler_node_cpu_idle_joules_total', 'counter', machine.joules - machine.activeJoules);
  nodeRow('kepler_node_cpu_watts', 'gauge', machine.watts);
  nodeRow('kepler_node_cpu_active_watts', 'gauge', machine.watts * machine.utilisation);
  nodeRow('kepler_node_cpu_idle_watts', 'gauge', machine.watts * idle);
  out
    .family('kepler_node_cpu_usage_ratio', 'gauge', 'CPU usage ratio of a node')
    .sample('kepler_node_cpu_usage_ratio', node, machine.utilisation);
  const podRow = (
    name: string,
    type: 'counter' | 'gauge',
    of: (pod: ServingPod) => number,
  ): void => {
    out.family(name, type, 'Energy or power of a Pod');
    for (const pod of pods) {
      for (const { zone, share } of ZONES) {
        out.sample(
          name,
          {
            ...node,
            pod_id: pod.uid,
            pod_name: pod.name,
            pod_namespace: pod.namespace,
            state: 'running',
            zone,
          },
          of(pod) * share,
        );
      }
    }
  };
  podRow('kepler_pod_cpu_joules_total', 'counter', (pod) => pod.joules);
  podRow('kepler_pod_cpu_watts', 'gauge', (pod) => pod.watts);
  return out.toString();
}

/** What node-exporter says of CPU and memory of one node. */
export function nodeExporterText(machine: Machine): string {
  const out = new Exposition().family(
    'node_cpu_seconds_total',
    'counter',
    'Seconds the CPUs spent in each mode.',
  );
  for (let cpu = 0; cpu < machine.cores; cpu += 1) {
    const labels = { cpu: String(cpu) };
    out
      .sample(
        'node_cpu_seconds_total',
        { ...labels, mode: 'idle' },
        machine.idleCoreSeconds / machine.cores,
      )
      .sample(
        'node_cpu_seconds_total',
        { ...labels, mode: 'user' },
        machine.busyCoreSeconds / machine.cores,
      );
  }
  const total = 64 * 2 ** 30;
  return out
    .family('node_memory_MemTotal_bytes', 'gauge', 'Memory information field MemTotal_bytes.')
    .sample('node_memory_MemTotal_bytes', {}, total)
    .family(
      'node_memory_MemAvailable_bytes',
      'gauge',
      'Memory information field MemAvailable_bytes.',
    )
    .sample('node_memory_MemAvailable_bytes', {}, total * 0.7)
    .family('node_uname_info', 'gauge', 'Labeled system information as provided by uname.')
    .sample('node_uname_info', { nodename: machine.name, sysname: 'Linux' }, 1)
    .toString();
}

/** What the sidecar of one Pod exports: the destination's view of every request. */
export function istioText(pod: ServingPod, traffic: Traffic | undefined): string {
  const labels = istioLabels(pod, traffic?.source ?? 'unknown');
  const out = new Exposition().family('istio_requests_total', 'counter', 'Requests');
  const ok = { ...labels, response_code: '200', response_flags: '-' };
  out.sample('istio_requests_total', ok, pod.succeeded);
  if (pod.failed > 0) {
    const bad = { ...labels, response_code: '503', response_flags: 'UF' };
    out.sample('istio_requests_total', bad, pod.failed);
  }
  const name = 'istio_request_duration_milliseconds';
  out.family(name, 'histogram', 'Time to the last byte of the response');
  let cumulative = 0;
  for (const [index, bound] of DURATION_BUCKETS.entries()) {
    cumulative += pod.durations[index] ?? 0;
    out.sample(`${name}_bucket`, { ...ok, le: String(bound) }, cumulative);
  }
  cumulative += pod.durations[DURATION_BUCKETS.length] ?? 0;
  return out
    .sample(`${name}_bucket`, { ...ok, le: '+Inf' }, cumulative)
    .sample(`${name}_sum`, ok, pod.durationSum)
    .sample(`${name}_count`, ok, cumulative)
    .toString();
}

function istioLabels(pod: ServingPod, source: string): Labels {
  const account = `spiffe://cluster.local/ns/${pod.namespace}/sa`;
  return {
    reporter: 'destination',
    source_workload: source,
    source_canonical_service: source,
    source_canonical_revision: 'latest',
    source_workload_namespace: pod.namespace,
    source_principal: `${account}/${source}`,
    source_app: source,
    source_version: 'v1',
    source_cluster: 'Kubernetes',
    destination_workload: pod.workload,
    destination_workload_namespace: pod.namespace,
    destination_principal: `${account}/${pod.workload}`,
    destination_app: pod.workload,
    destination_version: 'v1',
    destination_service: `${pod.workload}.${pod.namespace}.svc.cluster.local`,
    destination_canonical_service: pod.workload,
    destination_canonical_revision: 'v1',
    destination_service_name: pod.workload,
    destination_service_namespace: pod.namespace,
    destination_cluster: 'Kubernetes',
    request_protocol: 'http',
    response_code: '200',
    grpc_response_status: '',
    response_flags: '-',
    connection_security_policy: 'mutual_tls',
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Selection } from './selection.ts';

/** Kepler's own order of zones, used where the preferred one is not exposed. */
export const ZONE_ORDER = ['package', 'psys', 'core', 'dram', 'uncore'] as const;

/** Everything that is ever asked of an exporter; nothing else is kept in memory. */
export interface Questions {
  readonly nodeWatts: Selection;
  readonly nodeWattsNewest: Selection;
  readonly podJoules: Selection;
  readonly usageRatio: Selection;
  readonly requests: Selection;
  readonly requestsNewest: Selection;
  readonly buckets: Selection;
  readonly calls: Selection;
  readonly connections: Selection;
  readonly up: Selection;
  readonly cpuIdle: Selection;
  readonly cpuTotal: Selection;
  readonly memoryAvailable: Selection;
  readonly memoryTotal: Selection;
  readonly nodeNames: Selection;
}

/** The name of one question. */
export type QuestionName = keyof Questions;

/** The exporters that are known. */
export type ExporterKind = 'kepler' | 'istio' | 'node-exporter';

/** Which exporter answers which questions. */
export const QUESTIONS_OF: Readonly<Record<ExporterKind, readonly QuestionName[]>> = {
  kepler: ['nodeWatts', 'nodeWattsNewest', 'podJoules', 'usageRatio'],
  istio: ['requests', 'requestsNewest', 'buckets', 'calls', 'connections', 'up'],
  'node-exporter': ['cpuIdle', 'cpuTotal', 'memoryAvailable', 'memoryTotal', 'nodeNames'],
};

/** The preferred zone first, then the others in {@link ZONE_ORDER}. */
export function zonePreference(zone: string): readonly string[] {
  return [zone, ...ZONE_ORDER.filter((other) => other !== zone)];
}

/** A Pod's scraped endpoint: one Pod may be scraped twice, and must not count twice. */
const POD = ['namespace', 'pod', 'job', 'instance'];
const MACHINE = ['node', 'instance'];
const SERVER_SIDE = { reporter: ['destination'] };

/**
 * The questions, for a preferred zone. Counters are combined over series that one process counts
 * and that are therefore reset together (all of one Pod's sidecar); never over Pods.
 */
export function createQuestions(zone: string): Questions {
  const zones = { zone: zonePreference(zone) };
  return {
    nodeWatts: {
      ...ask('nodeWatts', 'kepler_node_cpu_watts', ['node_name', 'zone', 'path']),
      where: zones,
    },
    nodeWattsNewest: {
      ...ask('nodeWattsNewest', 'kepler_node_cpu_watts', ['node_name']),
      where: zones,
      combine: 'max',
    },
    // The greatest over the states: a terminated Pod shows its last value once more, and must
    // not count twice.
    podJoules: {
      ...ask('podJoules', 'kepler_pod_cpu_joules_total', ['node_name', 'pod_id', 'zone']),
      where: zones,
      combine: 'max',
    },
    usageRatio: ask('usageRatio', 'kepler_node_cpu_usage_ratio', ['node_name']),
    requests: {
      ...ask('requests', 'istio_requests_total', [...POD, 'response_code', 'grpc_response_status']),
      where: SERVER_SIDE,
    },
    requestsNewest: {
      ...ask('requestsNewest', 'istio_requests_total', POD),
      where: SERVER_SIDE,
      combine: 'max',
    },
    buckets: {
      ...ask('buckets', 'istio_request_duration_milliseconds_bucket', [...POD, 'le']),
      where: SERVER_SIDE,
    },
    calls: callQuestion('calls', 'istio_requests_total'),
    connections: callQuestion('connections', 'istio_tcp_connections_opened_total'),
    up: {
      ...ask('up', 'up', POD),
      present: ['namespace', 'pod'],
      equals: 1,
      combine: 'max',
    },
    cpuIdle: {
      ...ask('cpuIdle', 'node_cpu_seconds_total', MACHINE),
      where: { mode: ['idle'] },
    },
    cpuTotal: ask('cpuTotal', 'node_cpu_seconds_total', MACHINE),
    memoryAvailable: ask('memoryAvailable', 'node_memory_MemAvailable_bytes', MACHINE),
    memoryTotal: ask('memoryTotal', 'node_memory_MemTotal_bytes', MACHINE),
    nodeNames: {
      ...ask('nodeNames', 'node_uname_info', [...MACHINE, 'nodename']),
      combine: 'max',
    },
  };
}

function ask(name: QuestionName, metric: string, by: readonly string[]): Selection {
  return { name, metric, by, where: {}, present: [], equals: undefined, combine: 'sum' };
}

function callQuestion(name: QuestionName, metric: string): Selection {
  const by = [
    ...POD,
    'source_workload',
    'source_workload_namespace',
    'destination_workload',
    'destination_workload_namespace',
  ];
  return { ...ask(name, metric, by), where: SERVER_SIDE };
}

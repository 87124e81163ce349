// SPDX-License-Identifier: Apache-2.0
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import type { World } from '../../../unit/learner/world.ts';

/** What a source may do. */
export const FAILURES = ['gone', 'NaN', 'zero', '9e14', 'hour-old', '10 s'] as const;
export type Failure = (typeof FAILURES)[number];
export const SOURCES = ['power', 'latency', 'load'] as const;
export type SourceName = (typeof SOURCES)[number];

/** Which exporters are ill, and how. */
export interface Illness {
  readonly source: SourceName;
  readonly failure: Failure;
  /** Exporters of this node only. */
  readonly node: string;
}

/** The truth of the fleet; the same on every node but for the price. */
export const REQUESTS_PER_SECOND = 20;
export const NODE_WATTS = 60;
export const JOULES_PER_REQUEST: Readonly<Record<string, number>> = {
  'worker-1': 1,
  'worker-2': 0.5,
};
/** Half of the requests at most 5 ms, the rest evenly up to 10 ms. */
export const P99_MILLISECONDS = 9.9;
export const CPU_RATIO = 0.25;
export const MEMORY_RATIO = 0.5;

/** One exporter: where it is, what it is part of, and what it says at a time. */
export interface Exporter {
  readonly source: SourceName;
  readonly node: string;
  readonly path: string;
  readonly labels: ScrapeTarget['labels'];
  readonly kind: ScrapeTarget['kind'];
  readonly page: (milliseconds: number) => string;
}

/** The exporters of the nodes and Pods that a world has now. */
export function exportersOf(world: World): Exporter[] {
  const pods = [...world.pods.values()];
  const ofNodes = [...world.nodes.keys()].flatMap((node): Exporter[] => [
    {
      source: 'power',
      node,
      path: `/kepler/${node}`,
      labels: { namespace: 'kepler', pod: `kepler-${node}`, node },
      kind: 'kepler',
      page: (time) => keplerPage(world, node, time),
    },
    {
      source: 'load',
      node,
      path: `/node/${node}`,
      labels: { namespace: 'monitoring', pod: `node-exporter-${node}`, node },
      kind: 'node-exporter',
      page: nodeExporterPage,
    },
  ]);
  const ofPods = pods.map(({ name, namespace, nodeName: node = '', createdAt }): Exporter => ({
    source: 'latency',
    node,
    path: `/pod/${name}`,
    labels: { namespace, pod: name, node },
    kind: 'istio',
    page: (time) => sidecarPage((time - createdAt) / 1000),
  }));
  return [...ofNodes, ...ofPods];
}

/** What an exporter says when it is ill; undefined = nothing. */
export function illPage(page: string, failure: Failure, milliseconds: number): string | undefined {
  const values = (text: string): string => page.replace(/ \S+$/gm, ` ${text}`);
  switch (failure) {
    case 'gone':
      return undefined;
    case 'NaN':
      return values('NaN');
    case 'zero':
      return values('0');
    case '9e14':
      return values('9e14');
    case 'hour-old':
      return page.replace(/(?<=\S)$/gm, ` ${milliseconds - 3_600_000}`);
    default:
      return page;
  }
}

function keplerPage(world: World, node: string, time: number): string {
  const name = `node_name="${node}"`;
  const lines = [
    `kepler_node_cpu_watts{${name},path="/sys/intel-rapl:0",zone="package"} ${NODE_WATTS}`,
  ];
  const watts = REQUESTS_PER_SECOND * (JOULES_PER_REQUEST[node] ?? Number.NaN);
  for (const pod of world.pods.values()) {
    if (pod.nodeName !== node || time < pod.createdAt) continue;
    const joules = (watts * (time - pod.createdAt)) / 1000;
    lines.push(
      `kepler_pod_cpu_joules_total{${name},pod_id="${pod.uid}",pod_name="${pod.name}",pod_namespace="${pod.namespace}",state="running",zone="package"} ${joules}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function sidecarPage(seconds: number): string {
  const all = REQUESTS_PER_SECOND * Math.max(0, seconds);
  const labels =
    'reporter="destination",source_workload="client",source_workload_namespace="shop",destination_workload="frontend",destination_workload_namespace="shop",response_code="200",grpc_response_status=""';
  const lines = [`istio_requests_total{${labels}} ${all}`];
  for (const [le, share] of [
    ['5', 0.5],
    ['10', 1],
    ['+Inf', 1],
  ] as const) {
    lines.push(`istio_request_duration_milliseconds_bucket{${labels},le="${le}"} ${all * share}`);
  }
  return `${lines.join('\n')}\n`;
}

function nodeExporterPage(time: number): string {
  const seconds = (time - 1_690_000_000_000) / 1000;
  return [
    `node_cpu_seconds_total{cpu="0",mode="idle"} ${seconds * (1 - CPU_RATIO)}`,
    `node_cpu_seconds_total{cpu="0",mode="user"} ${seconds * CPU_RATIO}`,
    `node_memory_MemAvailable_bytes ${16e9 * (1 - MEMORY_RATIO)}`,
    'node_memory_MemTotal_bytes 16e9',
    '',
  ].join('\n');
}

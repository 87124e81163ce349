// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { NodeEnergy } from '#simulator/machines/energy-meter.ts';
import { Exposition, type Labels } from './exposition.ts';
import type { RunningPod } from '#simulator/control/running-pod.ts';

/** Where the machine's own counters come from, as this generation names it. */
const SOURCE = 'rapl-sysfs';
/** The whole machine is exported as one socket. */
const SOCKET = '0';
/** Parts of the machine that this generation names beside the package; there are none here. */
const ABSENT_COMPONENTS = ['core', 'dram', 'other', 'platform', 'uncore'] as const;
/** Kepler's bucket for what runs outside of containers. */
const SYSTEM = 'system_processes';

/** What one Kepler up to 0.9 sees: its node and the Pods on it. */
export interface KeplerOldView {
  readonly node: NodeEnergy;
  readonly pods: readonly RunningPod[];
  readonly cpuModel: string;
  /** Whether the mesh has put its proxy into the Pods. */
  readonly sidecar: boolean;
  /** Part of a Pod's CPU that is its proxy's, by service. */
  readonly proxyShares: ReadonlyMap<string, number>;
}

/** One container with what is accounted to it. */
interface Row {
  readonly labels: Readonly<
    Record<'container_id' | 'container_name' | 'container_namespace' | 'pod_name', string>
  >;
  readonly dynamicJoules: number;
  readonly idleJoules: number;
  readonly cpuSeconds: number;
}

/**
 * The page of one Kepler of the generation up to 0.9: counters by container and mode, nodes by
 * socket and mode, no watts, no Pod UID, and the node's name in a label `instance` of its own. Names,
 * help, labels and their order are those of its source (v0.9.0); joules have its resolution of a
 * millijoule.
 *
 * `dynamic` is what the machine draws above rest, by CPU time; `idle` is what it draws at rest,
 * divided evenly among Pods. Work of the system and of Pods that are gone is `system_processes`.
 */
export function keplerOldPage(view: KeplerOldView): string {
  const page = new Exposition('go');
  const rows = [...view.pods.flatMap((pod) => containersOf(pod, view)), systemRow(view)].sort(
    (a, b) => (a.labels.container_id < b.labels.container_id ? -1 : 1),
  );
  writeCpuTime(page, rows);
  const [before, after] = [ABSENT_COMPONENTS.slice(0, 2), ABSENT_COMPONENTS.slice(2)];
  for (const component of before) writeContainers(page, rows, component, () => 0);
  writeTotals(page, rows);
  for (const component of after.slice(0, 1)) writeContainers(page, rows, component, () => 0);
  writeContainers(page, rows, 'package', (joules) => joules);
  for (const component of after.slice(1)) writeContainers(page, rows, component, () => 0);
  writeNode(page, view);
  return page.toString();
}

function containersOf(pod: RunningPod, { node, sidecar, proxyShares }: KeplerOldView): Row[] {
  const { energy } = pod;
  const idle = node.restJoulesByPod - energy.restFrom;
  const row = (name: string, share: number, idleShare: number): Row => ({
    labels: {
      container_id: createHash('sha256').update(`${pod.uid}/${name}`).digest('hex'),
      container_name: name,
      container_namespace: pod.namespace,
      pod_name: pod.name,
    },
    dynamicJoules: energy.dynamicJoules * share,
    idleJoules: idle * idleShare,
    cpuSeconds: energy.cpuSeconds * share,
  });
  if (pod.service === undefined || !sidecar) {
    return [row(pod.service ?? pod.name.replace(/-[^-]*$/, ''), 1, 1)];
  }
  const proxy = proxyShares.get(pod.service) ?? 0;
  return [row(pod.service, 1 - proxy, 0.5), row('istio-proxy', proxy, 0.5)];
}

function systemRow({ node }: KeplerOldView): Row {
  return {
    labels: {
      container_id: SYSTEM,
      container_name: SYSTEM,
      container_namespace: 'system',
      pod_name: SYSTEM,
    },
    dynamicJoules: Math.max(0, node.unattributedDynamicJoules),
    idleJoules: 0,
    cpuSeconds: 0,
  };
}

function writeCpuTime(page: Exposition, rows: readonly Row[]): void {
  const name = 'kepler_container_bpf_cpu_time_ms_total';
  page.family(name, 'counter', 'Aggregated value in bpf_cpu_time_ms value from bpf');
  for (const { labels, cpuSeconds } of rows) {
    page.sample(name, { ...containerLabels(labels), source: 'bpf' }, Math.floor(cpuSeconds * 1000));
  }
}

type Modes = readonly (readonly [mode: string, joules: number])[];

function modesOf({ dynamicJoules, idleJoules }: Row): Modes {
  return [
    ['dynamic', dynamicJoules],
    ['idle', idleJoules],
  ];
}

function writeContainers(
  page: Exposition,
  rows: readonly Row[],
  component: string,
  value: (joules: number) => number,
): void {
  const name = `kepler_container_${component}_joules_total`;
  page.family(name, 'counter', `Aggregated value in ${component} value from ${SOURCE}`);
  for (const row of rows) {
    for (const [mode, joules] of modesOf(row)) {
      page.sample(name, containerLabels(row.labels, mode, SOURCE), milli(value(joules)));
    }
  }
}

/** Package, memory, other and GPU together; this family has no source. */
function writeTotals(page: Exposition, rows: readonly Row[]): void {
  const name = 'kepler_container_joules_total';
  page.family(name, 'counter', 'Aggregated value in joules value from ');
  for (const row of rows) {
    for (const [mode, joules] of modesOf(row)) {
      page.sample(name, containerLabels(row.labels, mode, ''), milli(joules));
    }
  }
}

/** Labels in the order of their names, as every exporter in Go writes them. */
function containerLabels(labels: Row['labels'], mode?: string, source?: string): Labels {
  const { container_id, container_name, container_namespace, pod_name } = labels;
  return {
    container_id,
    container_name,
    container_namespace,
    ...(mode === undefined ? {} : { mode }),
    pod_name,
    ...(source === undefined ? {} : { source }),
  };
}

function writeNode(page: Exposition, { node, cpuModel }: KeplerOldView): void {
  page
    .family(
      'kepler_exporter_build_info',
      'gauge',
      "A metric with a constant '1' value labeled by version, revision, branch, os and arch from which kepler_exporter was built.",
    )
    .sample(
      'kepler_exporter_build_info',
      { arch: 'amd64', branch: 'simulated', os: 'linux', revision: '', version: 'v0.9.0' },
      1,
    )
    .family('kepler_node_info', 'counter', 'Aggregated value in  value from os')
    .sample(
      'kepler_node_info',
      {
        components_power_source: SOURCE,
        cpu_architecture: cpuModel,
        platform_power_source: '',
        source: 'os',
      },
      1,
    );
  const name = 'kepler_node_package_joules_total';
  page.family(name, 'counter', `Aggregated value in package value from ${SOURCE}`);
  for (const [mode, joules] of [
    ['dynamic', node.total.joules - node.restJoules],
    ['idle', node.restJoules],
  ] as const) {
    page.sample(
      name,
      { instance: node.name, mode, package: SOCKET, source: SOURCE },
      milli(joules),
    );
  }
}

function milli(joules: number): number {
  return Math.round(joules * 1000) / 1000;
}

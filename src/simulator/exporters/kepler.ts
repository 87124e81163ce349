// SPDX-License-Identifier: Apache-2.0
import type { NodeEnergy } from '#simulator/machines/energy-meter.ts';
import { Exposition, type Labels } from './exposition.ts';
import type { RunningPod } from '#simulator/control/running-pod.ts';

/** Kepler shows a terminated Pod only above this energy. */
const MIN_TERMINATED_JOULES = 10;

const ZONE = 'package';
const ZONE_PATH = '/sys/class/powercap/intel-rapl:0';

/** What one Kepler sees: its node and the Pods on it. */
export interface KeplerView {
  readonly node: NodeEnergy;
  readonly pods: readonly RunningPod[];
  /** Pods that ended since the last scrape. */
  readonly terminated: readonly RunningPod[];
  readonly cpuModel: string;
}

/**
 * The page of one Kepler of the generation from 0.10 on: names, labels, help and types as in its
 * real output, levels node and pod, one RAPL zone. Joules have its resolution of a microjoule.
 */
export function keplerPage(view: KeplerView): string {
  const page = new Exposition('go');
  const name = view.node.name;
  page
    .family(
      'kepler_build_info',
      'gauge',
      "A metric with a constant '1' value labeled with version information",
    )
    .sample(
      'kepler_build_info',
      { arch: 'amd64', branch: 'simulated', goversion: 'go1.26', revision: '', version: 'v0.11.4' },
      1,
    );
  writeNode(page, view.node, { node_name: name, path: ZONE_PATH, zone: ZONE });
  writeCpuInfo(page, view);
  const ended = view.terminated.filter((pod) => pod.energy.energy.joules >= MIN_TERMINATED_JOULES);
  const rows = [
    ...view.pods.map((pod) => ({ pod, state: 'running' })),
    // Kepler leaves terminated Pods out where no Pod is left running.
    ...(view.pods.length === 0 ? [] : ended.map((pod) => ({ pod, state: 'terminated' }))),
  ];
  page.family(
    'kepler_pod_cpu_joules_total',
    'counter',
    'Energy consumption of cpu at pod level in joules',
  );
  for (const { pod, state } of rows) {
    page.sample(
      'kepler_pod_cpu_joules_total',
      podLabels(pod, state),
      joules(pod.energy.energy.joules),
    );
  }
  page.family('kepler_pod_cpu_watts', 'gauge', 'Power consumption of cpu at pod level in watts');
  for (const { pod, state } of rows) {
    page.sample('kepler_pod_cpu_watts', podLabels(pod, state), pod.energy.energy.watts);
  }
  return page.toString();
}

function writeNode(page: Exposition, node: NodeEnergy, labels: Labels): void {
  const parts = [
    ['', '', node.total],
    ['active_', ' in active state', node.active],
    ['idle_', ' in idle state', node.idle],
  ] as const;
  for (const [infix, words, counter] of parts) {
    const joulesName = `kepler_node_cpu_${infix}joules_total`;
    const wattsName = `kepler_node_cpu_${infix}watts`;
    page
      .family(joulesName, 'counter', `Energy consumption of cpu${words} at node level in joules`)
      .sample(joulesName, labels, joules(counter.joules))
      .family(wattsName, 'gauge', `Power consumption of cpu${words} at node level in watts`)
      .sample(wattsName, labels, counter.watts);
  }
  page
    .family(
      'kepler_node_cpu_usage_ratio',
      'gauge',
      'CPU usage ratio of a node (value between 0.0 and 1.0)',
    )
    .sample(
      'kepler_node_cpu_usage_ratio',
      { node_name: node.name },
      Math.min(1, node.total.busyCores / node.cores),
    );
}

function writeCpuInfo(page: Exposition, view: KeplerView): void {
  page.family('kepler_node_cpu_info', 'gauge', 'CPU information from procfs');
  for (let core = 0; core < view.node.cores; core++) {
    const labels = {
      core_id: String(core),
      model_name: view.cpuModel,
      physical_id: '0',
      processor: String(core),
      vendor_id: 'Simulated',
    };
    page.sample('kepler_node_cpu_info', labels, 1);
  }
}

function podLabels(pod: RunningPod, state: string): Labels {
  return {
    node_name: pod.nodeName,
    pod_id: pod.uid,
    pod_name: pod.name,
    pod_namespace: pod.namespace,
    state,
    zone: ZONE,
  };
}

function joules(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

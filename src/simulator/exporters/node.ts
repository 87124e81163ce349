// SPDX-License-Identifier: Apache-2.0
import type { NodeEnergy } from '#simulator/machines/energy-meter.ts';
import { Exposition } from './exposition.ts';

/** Resident memory. Assumed: 1 GiB for the system, 96 MiB for a Pod with its proxy. */
const SYSTEM_MEMORY_BYTES = 2 ** 30;
const POD_MEMORY_BYTES = 96 * 2 ** 20;

/** What one node-exporter sees. */
export interface NodeExporterView {
  readonly node: NodeEnergy;
  readonly memoryBytes: number;
  /** Pods running on the node. */
  readonly pods: number;
  /** Virtual seconds since the node started. */
  readonly upSeconds: number;
}

/** The CPU and memory families of node-exporter; CPU time is spread evenly over the cores. */
export function nodeExporterPage(view: NodeExporterView): string {
  const page = new Exposition('go');
  const { cores } = view.node;
  const busy = view.node.total.busyCoreSeconds / cores;
  const name = 'node_cpu_seconds_total';
  page.family(name, 'counter', 'Seconds the CPUs spent in each mode.');
  for (let cpu = 0; cpu < cores; cpu++) {
    page.sample(name, { cpu: String(cpu), mode: 'idle' }, Math.max(0, view.upSeconds - busy));
    page.sample(name, { cpu: String(cpu), mode: 'user' }, busy);
  }
  const used = Math.min(view.memoryBytes, SYSTEM_MEMORY_BYTES + view.pods * POD_MEMORY_BYTES);
  page
    .family('node_memory_MemTotal_bytes', 'gauge', 'Memory information field MemTotal_bytes.')
    .sample('node_memory_MemTotal_bytes', {}, view.memoryBytes)
    .family(
      'node_memory_MemAvailable_bytes',
      'gauge',
      'Memory information field MemAvailable_bytes.',
    )
    .sample('node_memory_MemAvailable_bytes', {}, view.memoryBytes - used);
  return page.toString();
}

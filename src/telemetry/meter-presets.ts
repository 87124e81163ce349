// SPDX-License-Identifier: Apache-2.0
import type { MeterName, MeterPreset } from './preset.ts';

/** From 0.10 on: by Pod UID, a watts gauge of the node, the zone in a label. */
const KEPLER_NEW: MeterPreset = {
  name: 'KeplerNew',
  detect: [{ metric: 'kepler_build_info' }, { metric: 'kepler_node_cpu_watts' }],
  zones: 'label',
  node: {
    metric: 'kepler_node_cpu_watts',
    kind: 'gauge',
    unit: 1,
    labels: { node_name: 'node_name', zone: 'zone', path: 'path' },
  },
  pods: {
    metric: 'kepler_pod_cpu_joules_total',
    kind: 'counter',
    unit: 1,
    identity: 'uid',
    labels: { node_name: 'node_name', pod_id: 'pod_id', zone: 'zone' },
  },
};

/**
 * Up to 0.9: by container, without Pod UID and without watts. Its own label `instance` is the node;
 * the scrape's label of that name pushes it aside to `exported_instance`. Only the dynamic part of
 * a container's energy is its own doing; the idle part is a share that Kepler made up.
 */
const KEPLER_OLD: MeterPreset = {
  name: 'KeplerOld',
  detect: [
    { metric: 'kepler_exporter_build_info' },
    { metric: 'kepler_node_package_joules_total' },
  ],
  zones: 'name',
  node: {
    metric: 'kepler_node_{zone}_joules_total',
    kind: 'counter',
    unit: 1,
    labels: {
      node_name: ['exported_instance', 'instance'],
      path: 'package',
      mode: 'mode',
      source: 'source',
    },
  },
  pods: {
    metric: 'kepler_container_{zone}_joules_total',
    kind: 'counter',
    unit: 1,
    identity: 'name',
    where: { mode: ['dynamic'] },
    labels: { pod_namespace: 'container_namespace', pod_name: 'pod_name', part: 'container_id' },
  },
};

/** Scaphandre with `--containers`: gauges in microwatts, of the host and of every process. */
const SCAPHANDRE: MeterPreset = {
  name: 'Scaphandre',
  detect: [{ metric: 'scaph_host_power_microwatts' }],
  zones: 'none',
  node: {
    metric: 'scaph_host_power_microwatts',
    kind: 'gauge',
    unit: 1e-6,
    labels: {
      node_name: ['node', 'kubernetes_node_name'],
      namespace: 'namespace',
      pod: 'pod',
      instance: 'instance',
    },
  },
  pods: {
    metric: 'scaph_process_power_consumption_microwatts',
    kind: 'gauge',
    unit: 1e-6,
    identity: 'name',
    present: ['kubernetes_pod_name'],
    labels: { pod_namespace: 'kubernetes_pod_namespace', pod_name: 'kubernetes_pod_name' },
  },
};

/** Every meter that is known; where several are found, the first is read. */
export const METER_PRESETS: readonly MeterPreset[] = [KEPLER_NEW, KEPLER_OLD, SCAPHANDRE];

/** One of {@link METER_PRESETS}. */
export function meterPreset(name: MeterName): MeterPreset {
  return METER_PRESETS.find((preset) => preset.name === name) ?? KEPLER_NEW;
}

/** The zones of Kepler up to 0.9, by the names that RAPL has for them. */
const COMPONENTS: Readonly<Record<string, string>> = { psys: 'platform' };

/** The name of a metric for one zone. */
export function metricOfZone(metric: string, zone: string): string {
  return metric.replace('{zone}', COMPONENTS[zone] ?? zone.replace(/\W/g, '_'));
}

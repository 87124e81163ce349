// SPDX-License-Identifier: Apache-2.0
import { defineMeter } from './define.ts';
import type { MeterDefinition } from './definition.ts';
import type { MeterPreset } from './preset.ts';

/** From 0.10 on: by Pod UID, a watts gauge of the node, the zone in a label. */
const KEPLER_NEW: MeterDefinition = {
  name: 'KeplerNew',
  description: 'Kepler 0.10 or later.',
  limits: [
    'what a Pod adds to its node: it is given node power times its share of all cores',
    'idle power: its idle share falls to 0 at full load',
    'disks, network, fans and power supply',
    'the energy of the last partial interval of a Pod that ended',
  ],
  detect: [{ metric: 'kepler_build_info' }, { metric: 'kepler_node_cpu_watts' }],
  zones: 'Label',
  node: {
    metric: 'kepler_node_cpu_watts',
    kind: 'Gauge',
    unit: 'Watts',
    labels: { node: ['node_name'], zone: ['zone'], part: ['path'] },
  },
  pods: {
    metric: 'kepler_pod_cpu_joules_total',
    kind: 'Counter',
    unit: 'Joules',
    labels: { node: ['node_name'], uid: ['pod_id'], zone: ['zone'] },
  },
};

/**
 * Up to 0.9: by container, without Pod UID and without watts. Its own label `instance` is the node;
 * the scrape's label of that name pushes it aside to `exported_instance`. Only the dynamic part of
 * a container's energy is its own doing; the idle part is a share that Kepler made up.
 */
const KEPLER_OLD: MeterDefinition = {
  name: 'KeplerOld',
  description: 'Kepler up to 0.9.',
  limits: [
    'which of two Pods of one name it means: it names Pods without UID',
    'that a container ended: it lingers',
    'how sure it is: without RAPL it models, and only its label `source` says so',
    'disks, network, fans and power supply',
  ],
  detect: [
    { metric: 'kepler_exporter_build_info' },
    { metric: 'kepler_node_package_joules_total' },
  ],
  zones: 'MetricName',
  node: {
    metric: 'kepler_node_{zone}_joules_total',
    kind: 'Counter',
    unit: 'Joules',
    labels: {
      node: ['exported_instance', 'instance'],
      part: ['package'],
      mode: ['mode'],
      source: ['source'],
    },
  },
  pods: {
    metric: 'kepler_container_{zone}_joules_total',
    kind: 'Counter',
    unit: 'Joules',
    where: { mode: ['dynamic'] },
    labels: { namespace: ['container_namespace'], name: ['pod_name'], container: ['container_id'] },
  },
};

/** Scaphandre with `--containers`: gauges in microwatts, of the host and of every process. */
const SCAPHANDRE: MeterDefinition = {
  name: 'Scaphandre',
  description: 'Scaphandre with `--containers`.',
  limits: [
    'work between two scrapes: it tells power now, not energy so far',
    'which of two Pods of one name it means: it names Pods without UID',
    'the power of a process to the last digit: version 1.0 has an open issue about its magnitude',
    'disks, network, fans and power supply',
  ],
  detect: [{ metric: 'scaph_host_power_microwatts' }],
  zones: 'None',
  node: {
    metric: 'scaph_host_power_microwatts',
    kind: 'Gauge',
    unit: 'Microwatts',
    labels: {
      node: ['node', 'kubernetes_node_name'],
      namespace: ['namespace'],
      pod: ['pod'],
      instance: ['instance'],
    },
  },
  pods: {
    metric: 'scaph_process_power_consumption_microwatts',
    kind: 'Gauge',
    unit: 'Microwatts',
    present: ['kubernetes_pod_name'],
    labels: { namespace: ['kubernetes_pod_namespace'], name: ['kubernetes_pod_name'] },
  },
};

/** The shipped meters as data. */
export const METER_DEFINITIONS: readonly MeterDefinition[] = [KEPLER_NEW, KEPLER_OLD, SCAPHANDRE];

/** The shipped meters; where several are found, the first is read. */
export const METER_PRESETS: readonly MeterPreset[] = METER_DEFINITIONS.map(defineMeter);

/** One of {@link METER_PRESETS}; the first where there is none of that name. */
export function meterPreset(name: string): MeterPreset {
  const [first] = METER_PRESETS;
  return METER_PRESETS.find((preset) => preset.name === name) ?? first ?? defineMeter(KEPLER_NEW);
}

/** The zones of Kepler up to 0.9, by the names that RAPL has for them. */
const COMPONENTS: Readonly<Record<string, string>> = { psys: 'platform' };

/** The name of a metric for one zone. */
export function metricOfZone(metric: string, zone: string): string {
  return metric.replace('{zone}', COMPONENTS[zone] ?? zone.replace(/\W/g, '_'));
}

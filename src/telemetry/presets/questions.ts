// SPDX-License-Identifier: Apache-2.0
import { SHIPPED } from './catalogue.ts';
import { metricOfZone } from './meter.ts';
import type { MeshPreset, MeterPreset, Presets, SeriesOf, Sign } from './preset.ts';
import type { Selection } from '#telemetry/series/selection.ts';

/** Kepler's own order of zones, used where the preferred one is not exposed. */
export const ZONE_ORDER = ['package', 'psys', 'core', 'dram', 'uncore'] as const;

/** The exporters that are scraped directly. `kepler` is any meter, `istio` any mesh. */
export type ExporterKind = 'kepler' | 'istio' | 'node-exporter';

/** What is asked of a meter of power. */
export interface MeterQuestions {
  readonly node: Selection;
  readonly nodeNewest: Selection;
  readonly pods: Selection;
}

/** What is asked of a mesh; undefined where it does not tell. */
export interface MeshQuestions {
  readonly requests: Selection;
  readonly requestsNewest: Selection;
  readonly buckets: Selection;
  readonly calls: Selection | undefined;
  readonly connections: Selection | undefined;
  readonly up: Selection;
}

/** What is asked about load, whoever meters power. */
export interface LoadQuestions {
  readonly usageRatio: Selection;
  readonly cpuIdle: Selection;
  readonly cpuTotal: Selection;
  readonly memoryAvailable: Selection;
  readonly memoryTotal: Selection;
  readonly nodeNames: Selection;
  readonly cgroupCpu: Selection;
  readonly cgroupMemory: Selection;
  readonly machineCores: Selection;
  readonly machineMemory: Selection;
}

/** The preferred zone first, then the others in {@link ZONE_ORDER}. */
export function zonePreference(zone: string): readonly string[] {
  return [zone, ...ZONE_ORDER.filter((other) => other !== zone)];
}

const ENDPOINT = ['namespace', 'pod', 'job', 'instance'];
const MACHINE = ['node', 'instance'];
/** The reader's labels that tell which node a meter is on. */
const NODE_NAMES = new Set(['node_name', 'namespace', 'pod', 'instance']);

/** The questions to one meter, for a preferred zone. */
export function meterQuestions(preset: MeterPreset, zone: string): MeterQuestions {
  const zones = (series: SeriesOf): SeriesOf['where'] => {
    const [label = 'zone'] = series.labels['zone'] ?? [];
    return preset.zones === 'label' ? { [label]: zonePreference(zone) } : {};
  };
  const of = (name: string, series: SeriesOf): Selection =>
    selectionOf(`${preset.name}.${name}`, {
      ...series,
      metric: metricOfZone(series.metric, zone),
      where: { ...series.where, ...zones(series) },
    });
  // The zones of a node are sampled together.
  const who = Object.entries(preset.node.labels).filter(([own]) => NODE_NAMES.has(own));
  return {
    // Kepler's counters are kept apart by mode; several jobs that scrape one exporter count once.
    node: { ...of('node', preset.node), combine: preset.node.kind === 'counter' ? 'max' : 'sum' },
    nodeNewest: {
      ...of('nodeNewest', { ...preset.node, labels: Object.fromEntries(who) }),
      combine: 'max',
    },
    // The greatest over the states: a terminated Pod shows its last value once more, and must
    // not count twice.
    pods: { ...of('pods', preset.pods), combine: preset.pods.kind === 'counter' ? 'max' : 'sum' },
  };
}

/**
 * The questions to one mesh. Counters are combined over series that one process counts and that
 * are therefore reset together (all of one Pod's sidecar); never over Pods.
 */
export function meshQuestions(preset: MeshPreset): MeshQuestions {
  const of = (name: string, series: SeriesOf): Selection =>
    selectionOf(`${preset.name}.${name}`, series);
  const optional = (name: string, series: SeriesOf | undefined): Selection | undefined =>
    series && of(name, series);
  const endpoint = Object.fromEntries(
    ENDPOINT.map((label) => [label, preset.requests.labels[label] ?? [label]]),
  );
  const newest = of('requestsNewest', { ...preset.requests, labels: endpoint });
  return {
    requests: of('requests', preset.requests),
    requestsNewest: { ...newest, combine: 'max' },
    buckets: { ...of('buckets', preset.durations), native: preset.durations.native },
    calls: optional('calls', preset.calls),
    connections: optional('connections', preset.connections),
    // An agent may answer for a proxy that does not answer it: then nothing is shown, and it is up.
    up: {
      ...plain(`${preset.name}.up`, 'up', ENDPOINT),
      present: ['namespace', 'pod'],
      equals: 1,
      combine: 'max',
      unless: { ...newest, combine: 'max' },
    },
  };
}

/** The questions about load: node-exporter, cAdvisor, Kepler's usage ratio. */
export function loadQuestions(): LoadQuestions {
  const root = { id: ['/'] };
  return {
    usageRatio: plain('usageRatio', 'kepler_node_cpu_usage_ratio', ['node_name']),
    // A processor that waits for a disk is as idle, and draws as little; the other sources say so.
    cpuIdle: {
      ...plain('cpuIdle', 'node_cpu_seconds_total', MACHINE),
      where: { mode: ['idle', 'iowait'] },
    },
    cpuTotal: plain('cpuTotal', 'node_cpu_seconds_total', MACHINE),
    memoryAvailable: plain('memoryAvailable', 'node_memory_MemAvailable_bytes', MACHINE),
    memoryTotal: plain('memoryTotal', 'node_memory_MemTotal_bytes', MACHINE),
    nodeNames: {
      ...plain('nodeNames', 'node_uname_info', [...MACHINE, 'nodename']),
      combine: 'max',
    },
    cgroupCpu: {
      ...plain('cgroupCpu', 'container_cpu_usage_seconds_total', MACHINE),
      where: root,
      combine: 'max',
    },
    cgroupMemory: {
      ...plain('cgroupMemory', 'container_memory_working_set_bytes', MACHINE),
      where: root,
      combine: 'max',
    },
    machineCores: { ...plain('machineCores', 'machine_cpu_cores', MACHINE), combine: 'max' },
    machineMemory: { ...plain('machineMemory', 'machine_memory_bytes', MACHINE), combine: 'max' },
  };
}

/** A question whether a preset's exporter is there; the preset's name comes first in its name. */
export function signQuestions(preset: {
  readonly name: string;
  readonly detect: readonly Sign[];
}): readonly Selection[] {
  return preset.detect.map((sign, index) =>
    selectionOf(`${preset.name}.sign${index}`, { ...sign, labels: {} }),
  );
}

/**
 * Everything that an exporter of a kind may be asked by these presets; nothing else is kept in
 * memory.
 */
export function questionsOf(
  kind: ExporterKind,
  zone: string,
  presets: Presets = SHIPPED,
): readonly Selection[] {
  const load = loadQuestions();
  switch (kind) {
    case 'kepler':
      return [
        ...presets.meters.flatMap((preset): Selection[] => {
          const { node, nodeNewest, pods } = meterQuestions(preset, zone);
          return [node, nodeNewest, pods, ...signQuestions(preset)];
        }),
        load.usageRatio,
      ];
    case 'istio':
      return uniqueByName(
        presets.meshes.flatMap((preset): (Selection | undefined)[] => {
          const { requests, requestsNewest, buckets, calls, connections, up } =
            meshQuestions(preset);
          const asked = [requests, requestsNewest, buckets, calls, connections, up];
          return [...asked, ...signQuestions(preset)];
        }),
      );
    default: {
      const { cpuIdle, cpuTotal, memoryAvailable, memoryTotal, nodeNames } = load;
      return [cpuIdle, cpuTotal, memoryAvailable, memoryTotal, nodeNames];
    }
  }
}

function uniqueByName(selections: readonly (Selection | undefined)[]): readonly Selection[] {
  const known = selections.filter((one) => one !== undefined);
  return [...new Map(known.map((one) => [one.name, one])).values()];
}

function selectionOf(name: string, series: SeriesOf): Selection {
  const entries = Object.entries(series.labels);
  const by = [...new Set(entries.flatMap(([, theirs]) => theirs))];
  const same = entries.every(([own, theirs]) => theirs.length === 1 && theirs[0] === own);
  return {
    ...plain(name, series.metric, by),
    where: series.where ?? {},
    except: series.except,
    present: series.present ?? [],
    rename: same ? undefined : Object.fromEntries(entries),
  };
}

function plain(name: string, metric: string, by: readonly string[]): Selection {
  return { name, metric, by, where: {}, present: [], equals: undefined, combine: 'sum' };
}

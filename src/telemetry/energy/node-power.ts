// SPDX-License-Identifier: Apache-2.0
import type { MeterPreset } from '#telemetry/presets/preset.ts';
import { zonePreference } from '#telemetry/presets/questions.ts';
import { groupKey, type Vector } from '#telemetry/series/selection.ts';
import type { Labels } from '#telemetry/series/series.ts';
import type { Span } from '#telemetry/reading/span.ts';
import type { Missing } from '#telemetry/reading/reading.ts';

/** The power of one node over a window, in the one zone that is used. */
export interface NodePower {
  /** Mean watts; undefined = the node does not expose the zone; NaN if any sample was. */
  readonly watts: number | undefined;
  readonly samples: number;
  /** The least sample of a gauge, watts; undefined = not a gauge, or not known. */
  readonly least: number | undefined;
  /** Zones that the node exposes. */
  readonly zones: ReadonlySet<string>;
  /** The `path` labels of the used zone, each with its zone. */
  readonly paths: readonly { readonly zone: string; readonly path: string }[];
  /** The meter says that it models power rather than measures it. */
  readonly modelled: boolean;
  /** A counter fell: the meter restarted, and what it counted before is lost. */
  readonly restarted: boolean;
}

/** Watts of all nodes in one zone. */
export interface NodePowers {
  /** The zone used for all nodes. */
  readonly zone: string;
  readonly nodes: ReadonlyMap<string, NodePower>;
}

/** Power under which no processor package runs; the fake meter shows about 0.0001 W. */
const LEAST_REAL_WATTS = 0.01;

interface Part {
  readonly zone: string;
  readonly path: string;
  readonly watts: number;
  readonly samples: number;
  readonly least: number | undefined;
  readonly modelled: boolean;
  readonly restarted: boolean;
}

/** What the power of nodes is made from. */
export interface NodePowerInput {
  readonly preset: MeterPreset;
  /** Sum and count of a gauge's samples, or a counter at both ends of the window. */
  readonly first: Vector | undefined;
  readonly second: Vector | undefined;
  /** The least of a gauge's samples. */
  readonly least: Vector | undefined;
  readonly zone: string;
  readonly nodeOf: (labels: Labels) => string;
  /** The time between a counter's two samples, by node. */
  readonly spanOf: (node: string) => Span | Missing | undefined;
}

/**
 * Mean power by node, in the zone that most nodes expose; between equals the preferred one, then
 * Kepler's order. Sockets of one zone (one `path` each) and modes are added up.
 */
export function nodePowers(input: NodePowerInput): NodePowers {
  const parts = input.preset.node.kind === 'gauge' ? gaugeParts(input) : counterParts(input);
  const zone = input.preset.zones === 'label' ? commonZone(parts, input.zone) : input.zone;
  const nodes = new Map<string, NodePower>();
  for (const [node, all] of parts) {
    const used = all.filter((part) => part.zone === zone);
    nodes.set(node, {
      watts: used.length === 0 ? undefined : used.reduce((sum, { watts }) => sum + watts, 0),
      samples: used.length === 0 ? 0 : Math.min(...used.map(({ samples }) => samples)),
      least: leastOf(used),
      zones: new Set(all.map((part) => part.zone)),
      paths: used.map(({ zone: of, path }) => ({ zone: of, path })),
      modelled: used.some(({ modelled }) => modelled),
      restarted: used.some(({ restarted }) => restarted),
    });
  }
  return { zone, nodes };
}

/**
 * Kepler's fake meter: its zones lie at `.../intel-rapl/energy_<zone>`, a path that no kernel
 * makes, and its power is some 0.0001 W. Exactly 0 W is not fake: a first reading shows it.
 */
export function isFakeMeter(power: NodePower): boolean {
  if (power.paths.some(({ zone, path }) => path.endsWith(`/energy_${zone}`))) return true;
  return power.watts !== undefined && power.watts > 0 && power.watts < LEAST_REAL_WATTS;
}

const IDENTITY = ['node_name', 'zone', 'path', 'mode', 'namespace', 'pod', 'instance'];

function leastOf(parts: readonly Part[]): number | undefined {
  const known = parts.map(({ least }) => least).filter((least) => least !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function gaugeParts(input: NodePowerInput): Map<string, Part[]> {
  const { preset, first, second, zone, nodeOf } = input;
  const samplesBy = valuesBy(second);
  const leastBy = valuesBy(input.least);
  const parts = new Map<string, Part[]>();
  for (const { labels, value } of first ?? []) {
    const node = nodeOf(labels);
    const key = groupKey(labels, IDENTITY);
    const samples = samplesBy.get(key);
    const least = leastBy.get(key);
    if (!node || samples === undefined || samples <= 0) continue;
    const watts = (value / samples) * preset.node.unit;
    const part = partOf(labels, preset, zone);
    const leastWatts = least === undefined ? undefined : least * preset.node.unit;
    add(parts, node, { ...part, watts, samples, least: leastWatts, restarted: false });
  }
  return parts;
}

/** Joules per second between the two samples. All counters of one meter are reset together. */
function counterParts(input: NodePowerInput): Map<string, Part[]> {
  const { preset, first, second, zone, nodeOf } = input;
  const before = valuesBy(first);
  const parts = new Map<string, Part[]>();
  for (const { labels, value } of second ?? []) {
    const node = nodeOf(labels);
    const span = node ? input.spanOf(node) : undefined;
    if (span === undefined) continue;
    const from = before.get(groupKey(labels, IDENTITY));
    // A node's counter runs from its meter's start: what it was is not known, and not 0.
    if (from === undefined) continue;
    const watts =
      span.kind === 'span' ? ((value - from) * preset.node.unit) / span.seconds : Number.NaN;
    const part = partOf(labels, preset, zone);
    add(parts, node, { ...part, watts, samples: 2, least: undefined, restarted: value < from });
  }
  return parts;
}

function valuesBy(vector: Vector | undefined): ReadonlyMap<string, number> {
  return new Map((vector ?? []).map(({ labels, value }) => [groupKey(labels, IDENTITY), value]));
}

function partOf(
  labels: Labels,
  preset: MeterPreset,
  zone: string,
): Pick<Part, 'zone' | 'path' | 'modelled'> {
  return {
    zone: preset.zones === 'label' ? (labels['zone'] ?? '') : zone,
    path: labels['path'] ?? '',
    modelled: /model|estimat/i.test(labels['source'] ?? ''),
  };
}

function add(parts: Map<string, Part[]>, node: string, part: Part): void {
  const list = parts.get(node);
  if (list === undefined) parts.set(node, [part]);
  else list.push(part);
}

function commonZone(parts: ReadonlyMap<string, readonly Part[]>, preferred: string): string {
  const nodesWith = new Map<string, number>();
  for (const all of parts.values()) {
    for (const zone of new Set(all.map((part) => part.zone))) {
      nodesWith.set(zone, (nodesWith.get(zone) ?? 0) + 1);
    }
  }
  let best = preferred;
  for (const zone of zonePreference(preferred)) {
    if ((nodesWith.get(zone) ?? 0) > (nodesWith.get(best) ?? 0)) best = zone;
  }
  return best;
}

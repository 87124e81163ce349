// SPDX-License-Identifier: Apache-2.0
import { zonePreference } from './questions.ts';
import type { Vector } from './selection.ts';

/** The watts gauge of one node over a window, in the one zone that is used. */
export interface NodePower {
  /** Mean watts; undefined = the node does not expose the zone; NaN if any sample was. */
  readonly watts: number | undefined;
  readonly samples: number;
  /** Zones that the node exposes. */
  readonly zones: ReadonlySet<string>;
  /** The `path` labels of the used zone, each with its zone. */
  readonly paths: readonly { readonly zone: string; readonly path: string }[];
}

/** Watts of all nodes in one zone. */
export interface NodePowers {
  /** The zone used for all nodes. */
  readonly zone: string;
  readonly nodes: ReadonlyMap<string, NodePower>;
}

/** Power under which no processor package runs; the fake meter shows about 0.0001 W. */
const LEAST_REAL_WATTS = 0.01;

interface Gauge {
  readonly zone: string;
  readonly path: string;
  readonly mean: number;
  readonly samples: number;
}

/**
 * Means of the watts gauge by node, in the zone that most nodes expose; between equals the
 * preferred one, then Kepler's order. Sockets of one zone (one `path` each) are added up.
 */
export function nodePowers(
  sums: Vector | undefined,
  counts: Vector | undefined,
  preferredZone: string,
): NodePowers {
  const gauges = gaugesByNode(sums, counts);
  const zone = commonZone(gauges, preferredZone);
  const nodes = new Map<string, NodePower>();
  for (const [node, all] of gauges) {
    const used = all.filter((gauge) => gauge.zone === zone);
    nodes.set(node, {
      watts: used.length === 0 ? undefined : used.reduce((sum, { mean }) => sum + mean, 0),
      samples: used.length === 0 ? 0 : Math.min(...used.map(({ samples }) => samples)),
      zones: new Set(all.map((gauge) => gauge.zone)),
      paths: used.map(({ zone: of, path }) => ({ zone: of, path })),
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

function gaugesByNode(
  sums: Vector | undefined,
  counts: Vector | undefined,
): ReadonlyMap<string, readonly Gauge[]> {
  const key = (labels: Readonly<Record<string, string>>): string =>
    [labels['node_name'], labels['zone'], labels['path']].join('\u0000');
  const samplesBy = new Map((counts ?? []).map(({ labels, value }) => [key(labels), value]));
  const gauges = new Map<string, Gauge[]>();
  for (const { labels, value } of sums ?? []) {
    const node = labels['node_name'];
    const samples = samplesBy.get(key(labels));
    if (!node || samples === undefined || samples <= 0) continue;
    const gauge = { zone: labels['zone'] ?? '', path: labels['path'] ?? '', samples };
    const list = gauges.get(node);
    if (list === undefined) gauges.set(node, [{ ...gauge, mean: value / samples }]);
    else list.push({ ...gauge, mean: value / samples });
  }
  return gauges;
}

function commonZone(gauges: ReadonlyMap<string, readonly Gauge[]>, preferred: string): string {
  const nodesWith = new Map<string, number>();
  for (const all of gauges.values()) {
    for (const zone of new Set(all.map((gauge) => gauge.zone))) {
      nodesWith.set(zone, (nodesWith.get(zone) ?? 0) + 1);
    }
  }
  let best = preferred;
  for (const zone of zonePreference(preferred)) {
    if ((nodesWith.get(zone) ?? 0) > (nodesWith.get(best) ?? 0)) best = zone;
  }
  return best;
}

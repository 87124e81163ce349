// SPDX-License-Identifier: Apache-2.0
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import type { Vector } from '#telemetry/series/selection.ts';
import type { CarbonSource, Window } from '#telemetry/reading/source.ts';
import { missing } from '#telemetry/reading/span.ts';
import { describeError } from '#telemetry/series/vector-source.ts';

/** A node and the zone it is in; undefined = it tells none. */
export interface ZonedNode {
  readonly name: string;
  readonly zone: string | undefined;
}

/** No grid in the world is dirtier; grams per kilowatt-hour. */
const MOST_GRAMS = 2000;

/** Intensities that somebody wrote down, by zone; `default` holds where a zone is not among them. */
export function staticCarbon(
  table: Readonly<Record<string, number>>,
  nodes: () => Iterable<ZonedNode>,
): CarbonSource {
  return {
    intensity(window) {
      const readings = new Map<string, Reading>();
      for (const { name, zone } of nodes()) {
        const key = zone !== undefined && Object.hasOwn(table, zone) ? zone : 'default';
        const value = Object.hasOwn(table, key) ? table[key] : undefined;
        readings.set(name, readingOf(value, { name, zone, window, quality: 'modelled' }));
      }
      return Promise.resolve(readings);
    },
  };
}

/** Asks a Prometheus server; its own query, because there is no standard metric. */
export interface CarbonQuery {
  readonly query: string;
  /** The label of the answer that holds the zone; an answer without it holds for all. */
  readonly zoneLabel: string;
}

/**
 * Intensities from a Prometheus query, one for a window: at its end, because grids change over
 * hours and windows last minutes.
 */
export function queriedCarbon(
  ask: (query: string, time: number) => Promise<Vector>,
  { query, zoneLabel }: CarbonQuery,
  context: {
    readonly nodes: () => Iterable<ZonedNode>;
    readonly onWarning?: ((message: string) => void) | undefined;
  },
): CarbonSource {
  return {
    async intensity(window) {
      const readings = new Map<string, Reading>();
      let byZone: ReadonlyMap<string, number>;
      try {
        const vector = await ask(query, window.to);
        byZone = new Map(vector.map(({ labels, value }) => [labels[zoneLabel] ?? '', value]));
      } catch (error) {
        const detail = `carbon intensity: ${describeError(error)}`;
        context.onWarning?.(detail);
        for (const { name } of context.nodes()) readings.set(name, missing('absent', detail));
        return readings;
      }
      for (const { name, zone } of context.nodes()) {
        const value = byZone.get(zone ?? '') ?? byZone.get('');
        readings.set(name, readingOf(value, { name, zone, window, quality: 'measured' }));
      }
      return readings;
    },
  };
}

function readingOf(
  value: number | undefined,
  from: ZonedNode & { readonly window: Window; readonly quality: Measured['quality'] },
): Reading {
  const subject = `carbon intensity of ${from.name} (zone ${from.zone ?? 'unknown'})`;
  if (value === undefined) return missing('absent', `${subject} is not known`);
  if (!Number.isFinite(value)) return missing('not-a-number', `${subject} is ${value}`);
  if (value < 0 || value > MOST_GRAMS) return missing('absurd', `${subject} is ${value} g/kWh`);
  const { window, quality } = from;
  const windowSeconds = (window.to - window.from) / 1000;
  return { kind: 'measured', value, windowSeconds, samples: 1, ageSeconds: 0, quality };
}

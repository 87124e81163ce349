// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { MODEL_LIMITS } from './limits.ts';
import type { Observation, StoredPowerPoint } from './observation.ts';

/** One curve as it stands in the API. */
export interface PowerCurveSpec {
  readonly node: string;
  readonly points: string;
}

type Curves = NonNullable<Observation['powerCurves']>;

/** Bytes that curves may take in one object; the rest of it comes first. */
const MOST_BYTES = 250_000;

/**
 * Curves as they stand in the API: four significant digits, which is more than a meter has. Where
 * there is not room for all, those that were learned from the least are left out; they are
 * learned anew.
 */
export function encodePowerCurves(curves: Observation['powerCurves']): PowerCurveSpec[] {
  const specs = Object.entries(curves ?? {})
    .filter(([, points]) => points.length > 0)
    .map(([node, points]) => ({
      weight: points.reduce((sum, point) => sum + point.weight, 0),
      spec: { node, points: points.map(encodePoint).join('; ') },
    }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MODEL_LIMITS.powerCurves);
  let bytes = 0;
  return specs.flatMap(({ spec }) => {
    bytes += Buffer.byteLength(JSON.stringify(spec)) + 1;
    return bytes <= MOST_BYTES ? [spec] : [];
  });
}

/**
 * Curves as they are used.
 * @throws PerihelionError `PERI_MODEL_MALFORMED` when a point is none
 */
export function decodePowerCurves(specs: readonly PowerCurveSpec[]): Curves {
  return Object.fromEntries(
    specs.map(({ node, points }) => [node, points.split('; ').map(decodePoint)]),
  );
}

function encodePoint({ utilisation, watts, weight }: StoredPowerPoint): string {
  return [utilisation, watts, weight]
    .map((value) => String(Number(value.toPrecision(4))))
    .join(' ');
}

function decodePoint(text: string): StoredPowerPoint {
  const [utilisation = Number.NaN, watts = Number.NaN, weight = Number.NaN] = text
    .split(' ')
    .map(Number);
  if (![utilisation, watts, weight].every(Number.isFinite)) {
    const message = `PlacementModel spec.observation.powerCurves: ${text.slice(0, 40)} is no point`;
    throw new PerihelionError('PERI_MODEL_MALFORMED', message);
  }
  return { utilisation, watts, weight };
}

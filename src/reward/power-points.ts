// SPDX-License-Identifier: Apache-2.0
import { isKnown } from './unknown.ts';

/** What was seen around one utilisation: weighted means, and their weight. */
export interface PowerPoint {
  /** CPU utilisation of the node, 0..1. */
  readonly utilisation: number;
  readonly watts: number;
  readonly weight: number;
}

/**
 * The power of one node against its utilisation, as it was learned so far: at most
 * {@link POINTS} points in rising order of utilisation. A plain value; an observation stores it.
 */
export type PowerCurve = readonly PowerPoint[];

/** One point for every twentieth of utilisation, from idle to full. */
export const POINTS = 21;

/** More weight than this a point does not keep: then newer samples push older ones out. */
const MOST_WEIGHT = 50;

/**
 * Counts one window of a node: its mean utilisation and its mean watts. Impossible values are not
 * counted.
 * @param weight 1 for a window of its own; less for one that overlaps the last.
 */
export function updatePowerCurve(curve: PowerCurve | undefined, sample: PowerPoint): PowerCurve {
  const old = curve ?? [];
  const { utilisation, watts, weight } = sample;
  const usable = isKnown(utilisation) && utilisation >= 0 && utilisation <= 1 && isKnown(watts);
  if (!usable || watts <= 0 || !(weight > 0)) return old;
  const bin = binOf(utilisation);
  const before = old.find((point) => binOf(point.utilisation) === bin);
  const total = Math.min(MOST_WEIGHT, (before?.weight ?? 0) + weight);
  const step = Math.min(1, weight / total);
  const point: PowerPoint = {
    utilisation: mix(before?.utilisation, utilisation, step),
    watts: mix(before?.watts, watts, step),
    weight: total,
  };
  const others = old.filter((one) => one !== before);
  return [...others, point].sort((a, b) => a.utilisation - b.utilisation);
}

/** Between two values: `step` 0 = as before, 1 = as now; the first value as it is. */
export function mix(before: number | undefined, now: number, step: number): number {
  return before === undefined ? now : before + (now - before) * step;
}

/** Number of the point that a utilisation belongs to, 0 to {@link POINTS} - 1. */
export function binOf(utilisation: number): number {
  return Math.round(utilisation * (POINTS - 1));
}

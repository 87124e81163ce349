// SPDX-License-Identifier: Apache-2.0
import { isotonic } from './isotonic.ts';
import type { PowerShape } from './power-prior.ts';
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

function mix(before: number | undefined, now: number, step: number): number {
  return before === undefined ? now : before + (now - before) * step;
}

function binOf(utilisation: number): number {
  return Math.round(utilisation * (POINTS - 1));
}

/** A curve made usable: monotone, and defined everywhere. */
export interface FittedCurve {
  /** Watts at a utilisation of 0..1. */
  readonly wattsAt: (utilisation: number) => number;
  /** What one more share of the node costs, and how sure that is. */
  readonly marginalAt: (utilisation: number) => MarginalPower;
}

/** The slope of a power curve. */
export interface MarginalPower {
  /** Watts per whole node of utilisation: times a Pod's share of the node it is the Pod's watts. */
  readonly watts: number;
  /** 0..1: how much of it was measured rather than assumed. */
  readonly confidence: number;
}

/** Weight of the assumed shape in every point: it decides only where nothing was measured. */
const PRIOR_WEIGHT = 0.25;

/** Utilisation over which the slope is taken: noise of the points cancels, the shape stays. */
const STEP = 0.1;

/** So much weight at both ends of the step is believed by half. */
const HALF_BELIEVED = 3;

/** Less weight than this in a whole curve of an unknown machine tells nothing. */
const LEAST_WEIGHT = 3;

/**
 * Fits a node's curve: its points and the assumed shape, scaled to them (a machine's published
 * watts are wall power, a meter's are the processors'), pooled until they never fall.
 * @param isMachine the shape is that of this very machine and not the general one.
 * @returns undefined where too little is known: nothing measured, and no such machine.
 */
export function fitPowerCurve(
  curve: PowerCurve | undefined,
  shape: PowerShape,
  isMachine: boolean,
): FittedCurve | undefined {
  const points = curve ?? [];
  const measured = points.reduce((sum, { weight }) => sum + weight, 0);
  if (!isMachine && measured < LEAST_WEIGHT) return undefined;
  const scale = scaleOf(points, shape);
  const knots = Array.from({ length: POINTS }, (_, bin) => {
    const centre = bin / (POINTS - 1);
    const point = points.find((one) => binOf(one.utilisation) === bin);
    if (point === undefined)
      return { at: centre, value: scale * shape(centre), weight: PRIOR_WEIGHT };
    const weight = point.weight + PRIOR_WEIGHT;
    const step = point.weight / weight;
    const at = centre + (point.utilisation - centre) * step;
    return { at, value: mix(scale * shape(at), point.watts, step), weight };
  });
  const values = isotonic(knots);
  const wattsAt = (utilisation: number): number =>
    interpolate(
      knots.map(({ at }) => at),
      values,
      Math.min(1, Math.max(0, utilisation)),
    );
  return {
    wattsAt,
    marginalAt(utilisation) {
      const upper = Math.min(1, Math.max(STEP, utilisation));
      const lower = upper - STEP;
      const seen = Math.min(weightNear(points, lower), weightNear(points, upper));
      return {
        watts: Math.max(0, (wattsAt(upper) - wattsAt(lower)) / STEP),
        confidence: seen / (seen + HALF_BELIEVED),
      };
    },
  };
}

/** The factor that brings the shape nearest to the points, in weighted squares. */
function scaleOf(points: PowerCurve, shape: PowerShape): number {
  let product = 0;
  let square = 0;
  for (const { utilisation, watts, weight } of points) {
    const assumed = shape(utilisation);
    product += weight * watts * assumed;
    square += weight * assumed * assumed;
  }
  return square > 0 ? product / square : 1;
}

/** Linear between the knots, and on beyond the outer ones. */
function interpolate(at: readonly number[], values: readonly number[], x: number): number {
  let right = at.findIndex((knot) => knot >= x);
  if (right < 0) right = at.length - 1;
  right = Math.max(1, right);
  const [x0, x1] = [at[right - 1] ?? 0, at[right] ?? 1];
  const [y0, y1] = [values[right - 1] ?? 0, values[right] ?? 0];
  return x1 > x0 ? y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) : y1;
}

function weightNear(points: PowerCurve, utilisation: number): number {
  return points
    .filter((point) => Math.abs(point.utilisation - utilisation) <= STEP / 2)
    .reduce((sum, { weight }) => sum + weight, 0);
}

// SPDX-License-Identifier: Apache-2.0
import { isotonic } from './isotonic.ts';
import { binOf, mix, POINTS, type PowerCurve } from './power-points.ts';
import type { PowerShape } from './power-prior.ts';

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

/** Half the distance of two points. */
const HALF_BIN = 0.5 / (POINTS - 1);

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
  const seen = points.map((point): Seen => {
    const believed = point.weight / (point.weight + PRIOR_WEIGHT);
    const centre = binOf(point.utilisation) / (POINTS - 1);
    const at = mix(centre, point.utilisation, believed);
    return { at, above: believed * (point.watts - scale * shape(at)), weight: point.weight };
  });
  const knots = Array.from({ length: POINTS }, (_, bin) => {
    const one = seen[points.findIndex((point) => binOf(point.utilisation) === bin)];
    const at = one?.at ?? bin / (POINTS - 1);
    const value = Math.max(0, scale * shape(at) + (one?.above ?? aboveShape(seen, at)));
    return { at, value, weight: (one?.weight ?? 0) + PRIOR_WEIGHT };
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
      const [lower, upper] = stepOf(points, Math.min(1, Math.max(STEP, utilisation)));
      const weight = Math.min(weightNear(points, lower), weightNear(points, upper));
      return {
        watts: Math.max(0, (wattsAt(upper) - wattsAt(lower)) / (upper - lower)),
        confidence: weight / (weight + HALF_BELIEVED),
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

/**
 * The step that a slope is taken over: the one below `upper`, what the Pods there could give back.
 * Where others keep a node busy, the lower end of it is never measured, and the Pods could not give
 * that back either: then the step begins at the lowest measured point in it and goes on upwards as
 * far as was measured. If that is less than half a step, the assumed shape has to help.
 */
function stepOf(points: PowerCurve, upper: number): readonly [lower: number, upper: number] {
  const lower = upper - STEP;
  const within = points
    .map((point) => point.utilisation)
    .filter((at) => at >= lower - HALF_BIN && at <= upper + STEP);
  const from = Math.max(lower, within[0] ?? lower);
  const seen = within.findLast((at) => at <= from + STEP + HALF_BIN) ?? upper;
  const to = Math.min(from + STEP, Math.max(upper, seen));
  return to - from >= STEP / 2 ? [from, to] : [lower, upper];
}

/** A point against the assumed shape. */
interface Seen {
  readonly at: number;
  /** Watts more than the scaled shape has there. */
  readonly above: number;
  readonly weight: number;
}

/**
 * What lies between and beyond the points is the shape, moved to meet them. A shape that is scaled
 * only stands above some points and below others, and from a measured point to an assumed one would
 * go a step that no machine has: a node that is never less than four fifths busy would seem to pay
 * nothing for more.
 */
function aboveShape(seen: readonly Seen[], at: number): number {
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined) return 0;
  if (at <= first.at) return first.above;
  if (at >= last.at) return last.above;
  return interpolate(
    seen.map((one) => one.at),
    seen.map((one) => one.above),
    at,
  );
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

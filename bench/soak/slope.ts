// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';

/** One look at a quantity. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fewer points than this say nothing about a slope. */
const LEAST_POINTS = 5;
/** What neighbours have in common is not believed beyond this: the interval would be endless. */
const MOST_IN_COMMON = 0.9;

/**
 * Slope of a straight line through the points by least squares, with its 95 % interval from the
 * scatter around the line (Student's t). Where a point tells what its neighbour will be, points count
 * for less: with a correlation r > 0 of the neighbours' scatter, n points for n (1 - r)/(1 + r).
 * Undefined with fewer than {@link LEAST_POINTS} points, or where all lie at one x.
 */
export function slopeOf(points: readonly Point[], unit: string): Figure | undefined {
  const n = points.length;
  if (n < LEAST_POINTS) return undefined;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) return undefined;
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residuals = points.map(({ x, y }) => y - meanY - slope * (x - meanX));
  const scatter = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  const common = neighbourCorrelation(residuals, scatter);
  const degrees = Math.max(1, (n * (1 - common)) / (1 + common) - 2);
  const variance = (scatter / (n - 2) / spread) * ((1 + common) / (1 - common));
  const half = studentT(degrees) * Math.sqrt(variance);
  return { mean: slope, low: slope - half, high: slope + half, n, unit };
}

/** The mean of each of `groups` runs of neighbours; what is left over at the end is not counted. */
export function meansOf(points: readonly Point[], groups: number): readonly Point[] {
  return groupsOf(points, groups).map((group) => ({
    x: mean(group.map(({ x }) => x)),
    y: mean(group.map(({ y }) => y)),
  }));
}

/**
 * The lowest value of each of `groups` runs of neighbours: of a heap, what is left after the
 * garbage was collected.
 */
export function floorsOf(points: readonly Point[], groups: number): readonly Point[] {
  return groupsOf(points, groups).map((group) =>
    group.reduce((low, point) => (point.y < low.y ? point : low)),
  );
}

function groupsOf(points: readonly Point[], groups: number): readonly (readonly Point[])[] {
  const size = Math.max(1, Math.floor(points.length / groups));
  const count = Math.floor(points.length / size);
  return Array.from({ length: count }, (_, i) => points.slice(i * size, (i + 1) * size));
}

/** Correlation of neighbours, 0 where it is negative. `scatter` is the sum of the squares. */
function neighbourCorrelation(residuals: readonly number[], scatter: number): number {
  if (scatter === 0) return 0;
  let sum = 0;
  for (let i = 1; i < residuals.length; i++) sum += (residuals[i] ?? 0) * (residuals[i - 1] ?? 0);
  return Math.min(MOST_IN_COMMON, Math.max(0, sum / scatter));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** 97.5 % quantile of Student's t, by the Cornish-Fisher expansion; within 1 % from 3 on. */
function studentT(degrees: number): number {
  const z = 1.959964;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3;
}

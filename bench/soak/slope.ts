// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/figure.ts';

/** One look at a quantity. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fewer points than this say nothing about a slope. */
const LEAST_POINTS = 5;

/**
 * Slope of a straight line through the points by least squares, with its 95 % interval from the
 * scatter around the line (Student's t; neighbours are taken for independent). Undefined with fewer
 * than {@link LEAST_POINTS} points, or where all lie at one x.
 */
export function slopeOf(points: readonly Point[], unit: string): Figure | undefined {
  const n = points.length;
  if (n < LEAST_POINTS) return undefined;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) return undefined;
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const scatter = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const half = studentT(n - 2) * Math.sqrt(scatter / (n - 2) / spread);
  return { mean: slope, low: slope - half, high: slope + half, n, unit };
}

/**
 * The lowest value of each of `groups` runs of neighbours: of a heap, what is left after the
 * garbage was collected.
 */
export function floorsOf(points: readonly Point[], groups: number): readonly Point[] {
  const size = Math.max(1, Math.floor(points.length / groups));
  const floors: Point[] = [];
  for (let from = 0; from + size <= points.length; from += size) {
    const group = points.slice(from, from + size);
    floors.push(group.reduce((low, point) => (point.y < low.y ? point : low)));
  }
  return floors;
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

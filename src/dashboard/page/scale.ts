// SPDX-License-Identifier: Apache-2.0

/** Maps values to places. */
export interface Scale {
  (value: number): number;
  readonly low: number;
  readonly high: number;
}

/** A line from `[low, high]` to `[from, to]`; where both ends are the same, the middle. */
export function linear(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): Scale {
  const span = high - low;
  const place = (value: number): number =>
    span === 0 ? (from + to) / 2 : from + ((value - low) / span) * (to - from);
  return Object.assign(place, { low, high });
}

/** Least and largest of the known values; undefined where there is none. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : undefined;
}

/** Ends that differ by less, as a share of their size, are the same: steps between would be lost. */
const LEAST_SPAN = 1e-9;

/**
 * Round values inside `[low, high]`, about `wanted` of them: 1, 2 or 5 times a power of ten. Only
 * `low` where both ends are the same.
 */
export function ticks(low: number, high: number, wanted: number): number[] {
  const least = LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high));
  if (!(high - low > least) || !(wanted >= 1)) return [low];
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
  const found: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index += 1) {
    found.push(Number((index * step).toPrecision(12)));
  }
  return found;
}

/** One point of a line; an unknown y makes a gap. */
export type Point = readonly [x: number, y: number | undefined];

/** The path of a line through points, with a gap wherever one is unknown. */
export function linePath(points: readonly Point[]): string {
  let path = '';
  let pen = false;
  for (const [x, y] of points) {
    if (y === undefined) {
      pen = false;
      continue;
    }
    path += `${pen ? 'L' : 'M'}${round(x)} ${round(y)}`;
    pen = true;
  }
  return path;
}

/** The path of the area between two lines of the same points. */
export function bandPath(
  points: readonly (readonly [x: number, low: number, high: number])[],
): string {
  if (points.length === 0) return '';
  const upper = points.map(([x, , high]) => `${round(x)} ${round(high)}`);
  const lower = points.map(([x, low]) => `${round(x)} ${round(low)}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

/** Half a pixel is as exact as it gets. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

// SPDX-License-Identifier: Apache-2.0

/** Watts of a node by its CPU utilisation, 0..1. */
export type PowerCurve = (utilisation: number) => number;

/**
 * A curve through the eleven points of a SPECpower_ssj2008 result (watts at idle, 10 %, ...
 * 100 % load), linear in between.
 */
export function curveThrough(watts: readonly number[]): PowerCurve {
  if (watts.length < 2) throw new Error('a power curve needs at least two points');
  return (utilisation) => {
    const place = Math.min(1, Math.max(0, utilisation)) * (watts.length - 1);
    const index = Math.min(watts.length - 2, Math.floor(place));
    const left = watts[index]!;
    return left + (watts[index + 1]! - left) * (place - index);
  };
}

/** Fujitsu TX1320 M2, Xeon E3-1260L v5. */
export const THRIFTY = curveThrough([11.6, 16, 18.4, 20.4, 22.6, 25, 28.1, 31.4, 35.8, 40.2, 44.7]);

/** Dell R710, 2x Xeon X5670. */
export const HUNGRY = curveThrough([64, 104, 116, 126, 137, 148, 158, 173, 190, 210, 232]);

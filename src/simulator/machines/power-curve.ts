// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';

/** Watts at 0, 10, ..., 100 % CPU utilisation, the shape of a SPECpower_ssj2008 report. */
export type PowerCurve = readonly number[];

const STEPS = 10;

/**
 * Checks a curve: 11 finite positive values that never fall.
 *
 * @throws InputError `PERI_SIMULATION_INVALID`
 */
export function checkCurve(curve: PowerCurve): void {
  const rising = curve.every(
    (watts, i) => Number.isFinite(watts) && watts > 0 && watts >= (curve[i - 1] ?? 0),
  );
  if (curve.length !== STEPS + 1 || !rising) {
    throw new InputError(
      'PERI_SIMULATION_INVALID',
      'curve',
      curve,
      '11 values in watts (at 0, 10, ..., 100 %) that never fall',
    );
  }
}

/** Watts at a utilisation of 0..1, linear between the points; outside it is held at the ends. */
export function wattsAt(curve: PowerCurve, utilisation: number): number {
  const position = Math.min(1, Math.max(0, utilisation)) * STEPS;
  const index = Math.min(STEPS - 1, Math.floor(position));
  const low = curve[index] ?? 0;
  const high = curve[index + 1] ?? low;
  return low + (high - low) * (position - index);
}

/**
 * A concave curve of the form the PEAKS project fits, P(u) = idle + (full - idle) *
 * (1 - exp(-k u)) / (1 - exp(-k)), at the 11 points. k = 2.9613 is its "node B".
 */
export function concaveCurve(idleWatts: number, fullWatts: number, k = 2.9613): PowerCurve {
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const share = (1 - Math.exp((-k * i) / STEPS)) / (1 - Math.exp(-k));
    return idleWatts + (fullWatts - idleWatts) * share;
  });
}

/** A straight line between idle and full. */
export function linearCurve(idleWatts: number, fullWatts: number): PowerCurve {
  return Array.from(
    { length: STEPS + 1 },
    (_, i) => idleWatts + ((fullWatts - idleWatts) * i) / STEPS,
  );
}

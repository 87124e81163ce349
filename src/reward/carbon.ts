// SPDX-License-Identifier: Apache-2.0
import { isKnown } from './unknown.ts';

const JOULES_PER_KILOWATT_HOUR = 3.6e6;

/**
 * Grams of CO2 equivalents that some energy stands for, at an intensity in grams per kilowatt-hour.
 * Undefined if either is not known or impossible. An intensity of 0 is a measurement: there are
 * hours of nothing but wind, and then energy costs no carbon.
 */
export function carbonGrams(
  joules: number | undefined,
  gramsPerKilowattHour: number | undefined,
): number | undefined {
  if (!isKnown(joules) || !isKnown(gramsPerKilowattHour)) return undefined;
  if (joules < 0 || gramsPerKilowattHour < 0) return undefined;
  return (joules / JOULES_PER_KILOWATT_HOUR) * gramsPerKilowattHour;
}

// SPDX-License-Identifier: Apache-2.0
import type { Parameters as RunParameters } from 'fast-check';

/**
 * Runs of each property. The seed is drawn anew and printed with a failure; `PROPERTY_SEED` repeats
 * one, `PROPERTY_RUNS` searches longer.
 */
export function runs<T>(): RunParameters<T> {
  const { PROPERTY_RUNS = '10000', PROPERTY_SEED } = process.env;
  return {
    numRuns: Number(PROPERTY_RUNS),
    ...(PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) }),
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Parameters as RunParameters } from 'fast-check';

/**
 * Runs of each property; `PROPERTY_RUNS` searches longer, and `PROPERTY_SEED=random` elsewhere (see
 * test/support/seed.ts).
 */
export function runs<T>(): RunParameters<T> {
  const { PROPERTY_RUNS = '10000' } = process.env;
  return { numRuns: Number(PROPERTY_RUNS) };
}

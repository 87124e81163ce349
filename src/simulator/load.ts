// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';

/**
 * How requests come. `open`: a Poisson stream of so many per second (wrk2, real users). `closed`:
 * so many connections, each sends its next request when the answer is there (wrk).
 */
export type Load =
  | { readonly kind: 'open'; readonly requestsPerSecond: number }
  | { readonly kind: 'closed'; readonly connections: number };

/** @throws InputError `PERI_SIMULATION_INVALID` where the number is impossible. */
export function checkLoad(load: Load): void {
  if (load.kind === 'open') {
    if (!(load.requestsPerSecond >= 0) || !Number.isFinite(load.requestsPerSecond)) {
      throw invalid('load.requestsPerSecond', load.requestsPerSecond, 'a number of at least 0');
    }
  } else if (!Number.isInteger(load.connections) || load.connections < 0) {
    throw invalid('load.connections', load.connections, 'a whole number of at least 0');
  }
}

function invalid(field: string, found: number, expected: string): InputError {
  return new InputError('PERI_SIMULATION_INVALID', field, found, expected);
}

// SPDX-License-Identifier: Apache-2.0

/** One learned cell, as `src/agent/terms/value-table.ts` defines it. */
export interface StoredCell {
  readonly value: number;
  readonly weight: number;
}

/** Running statistics of one cost of the default scheduler; see `src/reward/baseline.ts`. */
export interface StoredBaseline {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

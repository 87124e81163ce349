// SPDX-License-Identifier: Apache-2.0

/** Most items of each list; together they keep every object well under 1 MiB. */
export const MODEL_LIMITS = {
  cells: 1024,
  baselines: 64,
  settled: 6144,
  targets: 2048,
  workloads: 512,
  peers: 32,
  powerCurves: 1024,
  powerPointsCharacters: 1024,
  /** Characters of an action or a target: a label value, or `(default)`. */
  nameCharacters: 63,
  stateCharacters: 256,
  idCharacters: 64,
  workloadCharacters: 317,
  /** Targets at which Shadow decisions landed, and Shadow decisions remembered. */
  landings: 256,
  shadowDecisions: 200,
  /** Targets whose adherence is kept. */
  adherence: 256,
  /** Cells that a shard says the last values of. */
  cellsBefore: 128,
  /** Bytes of the whole spec as JSON. */
  specBytes: 900_000,
} as const;

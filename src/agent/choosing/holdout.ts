// SPDX-License-Identifier: Apache-2.0

/** Shares of the decisions that are left to the default scheduler on purpose, each 0..1. */
export interface HoldoutShares {
  /** While it is not known what is saved. */
  readonly full: number;
  /** While it is: above 0, so that it goes on being measured. */
  readonly resting: number;
}

/** The chance with which one decision is held out. */
export interface HoldoutShare {
  readonly ratio: number;
  /** The lower share applies, which whoever weighs the decision has to know. */
  readonly rested: boolean;
}

/**
 * The share in force for one decision. A resting share that is not below the full one is no rest. Where
 * everything is held out no Pod is drawn, so nothing is measured that could ever end a rest: whoever
 * asks for that gets it.
 *
 * @param rests whether the saving is known; see `holdoutRests` of `src/reward/rest.ts`
 */
export function holdoutShare({ full, resting }: HoldoutShares, rests: boolean): HoldoutShare {
  const rested = rests && full < 1 && resting < full;
  return { ratio: rested ? resting : full, rested };
}

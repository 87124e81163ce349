// SPDX-License-Identifier: Apache-2.0

/** CPU of one target and of one Pod that might go there, all in the same unit. */
export interface Filling {
  /** Allocatable of its usable nodes together; undefined = not known. */
  readonly allocatable: number | undefined;
  /** What the Pods there and on their way are expected to use, where their use was measured. */
  readonly expected: number;
  /** What the Pod itself is expected to use there; undefined = never measured. */
  readonly own: number | undefined;
}

/** Where every target is fuller than the limit, those up to so much fuller than the emptiest stay. */
const SLACK = 1.1;

/**
 * How full a target would be with the Pod: 0 = empty, 1 = full. undefined where the use of the Pod
 * or the size of the target is not known, or makes no sense.
 */
export function fillingOf({ allocatable, expected, own }: Filling): number | undefined {
  const ratio = (expected + (own ?? Number.NaN)) / (allocatable ?? Number.NaN);
  return Number.isFinite(ratio) && ratio >= 0 ? ratio : undefined;
}

/**
 * Which targets keep headroom with the Pod: those filled up to the limit; where there is none, the
 * emptiest and those nearly as empty. Near saturation latency has no upper bound, and what is
 * learned there is only that one Pod too many hurts all others: a target need not be tried for that.
 *
 * A guard against what is known: a target whose filling is not known always stays, and requests
 * alone limit it, as ever.
 *
 * @param fillings see {@link fillingOf}, by target
 * @param limit greatest filling, above 0; Infinity = no limit
 * @returns by target, in the same order
 */
export function keepsHeadroom(fillings: readonly (number | undefined)[], limit: number): boolean[] {
  const within = (greatest: number): boolean[] =>
    fillings.map((filling) => filling === undefined || filling <= greatest);
  const kept = within(limit);
  if (kept.includes(true)) return kept;
  const emptiest = Math.min(...fillings.filter((filling) => filling !== undefined));
  return within(emptiest * SLACK);
}

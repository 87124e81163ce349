// SPDX-License-Identifier: Apache-2.0
import { fieldOf, isObject, listAt, objectAt, type JsonObject } from '#admission/review/json.ts';
import {
  expressionOf,
  isExpression,
  planRequirement,
  type RequirementChange,
  type TargetExpression,
  type TargetLabel,
} from './requirement.ts';

/** Name of the list that gets our term. */
export const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Weight of our term where the user has none: with one preferred term every weight acts alike. */
export const LONE_WEIGHT = 100;

export { type TargetLabel } from './requirement.ts';

/** One entry of `preferredDuringSchedulingIgnoredDuringExecution`, in the only shape we write. */
export interface PreferredTerm {
  readonly weight: number;
  readonly preference: {
    readonly matchExpressions: readonly [TargetExpression];
  };
}

/** What is to change on a Pod. */
export interface Merge {
  /** Index of an own old term in the user's list that goes; undefined = none. */
  readonly removeAt: number | undefined;
  /** The preferred term to append; undefined = none. */
  readonly term: PreferredTerm | undefined;
  /** What changes in the required rule; undefined = nothing. */
  readonly requirement?: RequirementChange | undefined;
  /** Annotations to set; all under our prefix. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What {@link planMerge} needs. */
export interface MergeInput {
  readonly pod: JsonObject;
  /** The target to prefer; undefined = prefer nothing, only remember the decision. */
  readonly target: TargetLabel | undefined;
  /** Require the target instead. Default false. */
  readonly required?: boolean | undefined;
  /** The target of an own decision that no longer counts; its term is removed if it is there. */
  readonly former: TargetLabel | undefined;
  /** That decision required its target, and its signature holds. Default false. */
  readonly formerRequired?: boolean | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Plans the change; pure. The user's terms stay as they are and in their order. */
export function planMerge(input: MergeInput): Merge {
  const { pod, target, former, required = false, formerRequired = false } = input;
  const terms = preferredTermsOf(pod);
  const removeAt = former === undefined || formerRequired ? -1 : lastOwnTerm(terms, former);
  const users = removeAt < 0 ? terms : terms.filter((_, index) => index !== removeAt);
  const requirement = planRequirement(
    pod,
    required ? target : undefined,
    formerRequired ? former : undefined,
  );
  return {
    removeAt: removeAt < 0 ? undefined : removeAt,
    term: target === undefined || required ? undefined : preferredTerm(target, weightBeside(users)),
    ...(requirement === undefined ? {} : { requirement }),
    annotations: input.annotations,
  };
}

/**
 * The weight of our term beside the user's: the least of theirs, so that where they wish for
 * something our term can break a tie but never outweigh a wish; 100 where they have none.
 */
export function weightBeside(users: readonly unknown[]): number {
  let least = LONE_WEIGHT;
  for (const term of users) {
    const weight = isObject(term) ? fieldOf(term, 'weight') : undefined;
    // A weight outside 1..100 would not have passed validation, so it cannot count as a wish.
    if (typeof weight === 'number' && Number.isInteger(weight) && weight >= 1) {
      least = Math.min(least, weight);
    }
  }
  return least;
}

/** The term that prefers a target. */
export function preferredTerm(target: TargetLabel, weight: number): PreferredTerm {
  return {
    weight,
    preference: { matchExpressions: [expressionOf(target)] },
  };
}

/** Whether a Pod carries exactly our term for a target, whatever its weight. */
export function hasOwnTerm(pod: JsonObject, target: TargetLabel): boolean {
  return lastOwnTerm(preferredTermsOf(pod), target) >= 0;
}

/** The preferred node affinity terms of a Pod; empty if there are none. */
export function preferredTermsOf(pod: JsonObject): readonly unknown[] {
  const affinity = objectAt(objectAt(pod, 'spec'), 'affinity');
  return listAt(objectAt(affinity, 'nodeAffinity'), PREFERRED);
}

function lastOwnTerm(terms: readonly unknown[], target: TargetLabel): number {
  return terms.findLastIndex((term) => isExactly(term, target));
}

/** Exactly the shape that {@link preferredTerm} writes: one field more and it is the user's. */
function isExactly(term: unknown, target: TargetLabel): boolean {
  if (!isObject(term) || !hasOnly(term, ['weight', 'preference'])) return false;
  const preference = objectAt(term, 'preference');
  if (preference === undefined || !hasOnly(preference, ['matchExpressions'])) return false;
  const [expression, ...more] = listAt(preference, 'matchExpressions').filter(isObject);
  return more.length === 0 && isExpression(expression, target);
}

function hasOnly(object: JsonObject, names: readonly string[]): boolean {
  return Object.keys(object).every((name) => names.includes(name));
}

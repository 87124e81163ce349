// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { PerihelionError } from '#errors';
import { fieldOf, isObject, listAt, objectAt, type JsonObject } from '#admission/review/json.ts';
import { isEmptyTerm, REQUIRED, type RequirementChange } from './requirement.ts';

/**
 * Proves that the required rule is the one from before with our expression in each of its terms
 * that match anything, and no other: every term is looked at, the way they were planned is not.
 *
 * @param before `nodeAffinity` as the Pod has it
 * @param after the same with the patch applied
 * @throws PerihelionError `PERI_PATCH_UNSAFE`
 */
export function checkRequirement(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
  change: RequirementChange,
): void {
  const old = objectAt(before, REQUIRED);
  const rule = objectAt(after, REQUIRED);
  if (old === undefined || change.removeRule) checkMade(old, rule, change);
  else checkTerms(old, rule, change);
}

/** A rule that was not there, or that was ours alone. */
function checkMade(
  old: JsonObject | undefined,
  rule: JsonObject | undefined,
  { expression, removeRule }: RequirementChange,
): void {
  if (removeRule && !isOurRule(old)) throw unsafe('the rule is not ours');
  const made =
    expression === undefined
      ? undefined
      : { nodeSelectorTerms: [{ matchExpressions: [expression] }] };
  if (!isDeepStrictEqual(rule, made)) throw unsafe('the required rule differs');
}

/** One term with one expression of our shape. */
function isOurRule(rule: JsonObject | undefined): boolean {
  const [term, ...more] = listAt(rule, 'nodeSelectorTerms');
  if (more.length > 0 || !isObject(term)) return false;
  const [expression, ...others] = listAt(term, 'matchExpressions');
  return others.length === 0 && isObject(expression) && fieldOf(expression, 'operator') === 'In';
}

function checkTerms(
  old: JsonObject,
  rule: JsonObject | undefined,
  change: RequirementChange,
): void {
  const before = listAt(old, 'nodeSelectorTerms');
  const after = listAt(rule, 'nodeSelectorTerms');
  const kept =
    before.length === after.length &&
    isDeepStrictEqual(without(rule, 'nodeSelectorTerms'), without(old, 'nodeSelectorTerms'));
  if (!kept) throw unsafe('required terms were added or removed');
  let bound = 0;
  for (const [index, term] of before.entries()) {
    const result = after[index];
    const removeAt = change.terms.find((one) => one.term === index)?.removeAt;
    if (!isDeepStrictEqual(tidy(result), tidy(expected(term, removeAt, change)))) {
      throw unsafe('a required term differs');
    }
    if (!isObject(term) || isEmptyTerm(term)) continue;
    // With nothing left in it the term would match no node any more.
    if (!isObject(result) || isEmptyTerm(result)) throw unsafe('a required term is left empty');
    bound += 1;
  }
  if (change.expression !== undefined && bound === 0) {
    throw unsafe('no required term matches any node');
  }
}

/** A term with our expression at its end; one that matches no node as it is. */
function expected(
  term: unknown,
  removeAt: number | undefined,
  { expression }: RequirementChange,
): unknown {
  if (!isObject(term) || isEmptyTerm(term)) return term;
  const kept = listAt(term, 'matchExpressions').filter((_, at) => at !== removeAt);
  return { ...term, matchExpressions: expression === undefined ? kept : [...kept, expression] };
}

/** Expressions that are missing, null or none are one and the same. */
function tidy(term: unknown): unknown {
  if (!isObject(term)) return term;
  return listAt(term, 'matchExpressions').length > 0 ? term : without(term, 'matchExpressions');
}

/** The object but for some of its fields. */
export function without(object: JsonObject | undefined, ...keys: readonly string[]): JsonObject {
  if (object === undefined) return {};
  return Object.fromEntries(Object.entries(object).filter(([name]) => !keys.includes(name)));
}

/** The error of a patch that is not sent. */
export function unsafe(detail: string): PerihelionError {
  return new PerihelionError('PERI_PATCH_UNSAFE', `patch not sent: ${detail}`);
}

// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import {
  fieldOf,
  isObject,
  listAt,
  objectAt,
  stringAt,
  type JsonObject,
} from '#admission/review/json.ts';

/** Name of the rule that Pods of mode `Require` get. */
export const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/** A target as a label: the policy's topology key and a value read from Nodes. */
export interface TargetLabel {
  readonly topologyKey: string;
  readonly value: string;
}

/** The expression that a target makes, in the only shape we write. */
export interface TargetExpression {
  readonly key: string;
  readonly operator: 'In';
  readonly values: readonly [string];
}

/** What is to change in one term of a required rule. */
export interface TermChange {
  /** Index in `nodeSelectorTerms`. */
  readonly term: number;
  /** Index of an own old expression that goes; undefined = none. */
  readonly removeAt: number | undefined;
  /** Whether the expression of the new target is added to the term. */
  readonly append: boolean;
}

/** What is to change in the required rule of a Pod. */
export interface RequirementChange {
  /** The expression to add; undefined = none. */
  readonly expression: TargetExpression | undefined;
  /** The Pod has no required rule: one is made of the expression alone. */
  readonly create: boolean;
  /** The rule was ours alone, and goes as a whole. */
  readonly removeRule: boolean;
  /** Terms of the rule that stays that change. */
  readonly terms: readonly TermChange[];
}

/** The expression of a target. */
export function expressionOf(target: TargetLabel): TargetExpression {
  return { key: target.topologyKey, operator: 'In', values: [target.value] };
}

/**
 * Plans a required rule; pure. Terms are ORed and the expressions of one are ANDed, so the
 * expression goes into every term: into one alone it would leave the others open, and as a term of
 * its own it would widen the rule. A term without any expression or field matches no node; it stays
 * as it is, since the expression would make it match one. The expression is added even where the
 * user wrote the same: what is taken out again later is then ours.
 *
 * @param former the target of an own decision that no longer counts and that required it; only a
 *   decision whose signature holds, or a forgery would take a user's rule away.
 * @returns undefined where nothing is to change
 * @throws PerihelionError `PERI_PATCH_UNSAFE` where there is a rule that no expression can go into
 */
export function planRequirement(
  pod: JsonObject,
  target: TargetLabel | undefined,
  former: TargetLabel | undefined,
): RequirementChange | undefined {
  const expression = target === undefined ? undefined : expressionOf(target);
  const terms = requiredTermsOf(pod);
  if (terms === undefined) {
    if (expression === undefined) return undefined;
    return { expression, create: true, removeRule: false, terms: [] };
  }
  const changes = terms.flatMap((term, index): TermChange[] => {
    if (!isObject(term) || isEmptyTerm(term)) return [];
    const removeAt = former === undefined ? undefined : lastOwn(term, former);
    const append = expression !== undefined;
    return append || removeAt !== undefined ? [{ term: index, removeAt, append }] : [];
  });
  if (changes.length > 0) {
    // The one expression of the one term: the rule is of our making.
    const ours = changes[0]?.removeAt !== undefined && terms.length === 1 && isSingle(terms[0]);
    return ours
      ? { expression, create: expression !== undefined, removeRule: true, terms: [] }
      : { expression, create: false, removeRule: false, terms: changes };
  }
  if (expression === undefined) return undefined;
  throw new PerihelionError('PERI_PATCH_UNSAFE', 'patch not sent: no required term takes a rule');
}

/** The terms of a Pod's required node affinity; undefined = it has no such rule. */
export function requiredTermsOf(pod: JsonObject): readonly unknown[] | undefined {
  const affinity = objectAt(objectAt(pod, 'spec'), 'affinity');
  const rule = fieldOf(objectAt(affinity, 'nodeAffinity'), REQUIRED);
  if (rule === undefined || rule === null) return undefined;
  return isObject(rule) ? listAt(rule, 'nodeSelectorTerms') : [];
}

/** Whether every term of the required rule that matches anything carries our expression. */
export function hasOwnRequirement(pod: JsonObject, target: TargetLabel): boolean {
  const terms = requiredTermsOf(pod) ?? [];
  const open = terms.filter((term) => isObject(term) && !isEmptyTerm(term));
  return (
    open.length > 0 && open.every((term) => isObject(term) && lastOwn(term, target) !== undefined)
  );
}

/** "A null or empty node selector term matches no objects", says the API. */
export function isEmptyTerm(term: JsonObject): boolean {
  return listAt(term, 'matchExpressions').length === 0 && listAt(term, 'matchFields').length === 0;
}

/** Whether the term holds one expression and nothing else. */
function isSingle(term: unknown): boolean {
  if (!isObject(term)) return false;
  return listAt(term, 'matchExpressions').length === 1 && Object.keys(term).length === 1;
}

function lastOwn(term: JsonObject, target: TargetLabel): number | undefined {
  const at = listAt(term, 'matchExpressions').findLastIndex((one) => isExpression(one, target));
  return at < 0 ? undefined : at;
}

/** Exactly the shape that {@link expressionOf} writes: one field more and it is the user's. */
export function isExpression(value: unknown, target: TargetLabel): boolean {
  if (!isObject(value)) return false;
  const values = listAt(value, 'values');
  return (
    Object.keys(value).every((name) => ['key', 'operator', 'values'].includes(name)) &&
    stringAt(value, 'key') === target.topologyKey &&
    stringAt(value, 'operator') === 'In' &&
    values.length === 1 &&
    values[0] === target.value
  );
}

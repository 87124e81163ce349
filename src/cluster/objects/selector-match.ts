// SPDX-License-Identifier: Apache-2.0
import type { LabelSelector, SelectorRequirement } from './slim.ts';

/** Labels of an object. Keys come from outside, so only own properties count. */
export type Labels = Readonly<Record<string, string>>;

/** One label; undefined if it is not set. */
export function labelAt(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/**
 * One expression against one value, as Kubernetes evaluates it: `NotIn` holds where the key is
 * missing, `Gt` and `Lt` compare integers, an unknown operator holds nowhere.
 */
export function requirementHolds(
  requirement: SelectorRequirement,
  value: string | undefined,
): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return compareIntegers(requirement.operator, value, values);
    default:
      return false;
  }
}

/** Whether a label selector matches; no selector matches nothing, an empty one everything. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const wanted = selector.matchLabels;
  if (wanted !== undefined) {
    for (const key of Object.keys(wanted)) {
      if (labelAt(labels, key) !== wanted[key]) return false;
    }
  }
  return (selector.matchExpressions ?? []).every((requirement) =>
    requirementHolds(requirement, labelAt(labels, requirement.key)),
  );
}

function compareIntegers(
  operator: 'Gt' | 'Lt',
  value: string | undefined,
  values: readonly string[],
): boolean {
  const left = integerOf(value);
  const right = values.length === 1 ? integerOf(values[0]) : undefined;
  if (left === undefined || right === undefined) return false;
  return operator === 'Gt' ? left > right : left < right;
}

/**
 * A decimal integer as Go parses it: any number of leading zeros, but nothing beyond 64 bits. The
 * length bound is that of a label value.
 */
function integerOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d{1,63}$/.test(text)) return undefined;
  const integer = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

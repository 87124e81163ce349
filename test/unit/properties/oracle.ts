// SPDX-License-Identifier: Apache-2.0
import type {
  NodeSelectorTerm,
  SelectorRequirement,
  SlimNode,
  Taint,
} from '#cluster/objects/slim.ts';

/*
 * What the stock scheduler would say of a node, written as plainly as the Kubernetes documentation
 * puts it and without a look at the product: slow, and with nothing shared or remembered.
 */

/** A toleration as it stands in a Pod. */
export type RawToleration = Readonly<
  Partial<Record<'key' | 'operator' | 'value' | 'effect', string>>
>;

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

/** What strconv.ParseInt with 64 bits makes of a text; undefined where it is an error. */
function parsed(text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  const negative = text.startsWith('-');
  const digits = negative || text.startsWith('+') ? text.slice(1) : text;
  if (digits === '' || digits.split('').some((digit) => digit < '0' || digit > '9'))
    return undefined;
  const value = negative ? -BigInt(digits) : BigInt(digits);
  return value < SMALLEST || value > LARGEST ? undefined : value;
}

/** One expression against labels that are looked up as own members only. */
function expressionHolds(one: SelectorRequirement, found: string | undefined): boolean {
  const wanted = [...(one.values ?? [])];
  if (one.operator === 'Exists') return found !== undefined;
  if (one.operator === 'DoesNotExist') return found === undefined;
  if (one.operator === 'In') return wanted.some((value) => value === found);
  if (one.operator === 'NotIn') return !wanted.some((value) => value === found);
  if (one.operator !== 'Gt' && one.operator !== 'Lt') return false;
  const left = parsed(found);
  const right = wanted.length === 1 ? parsed(wanted[0]) : undefined;
  if (left === undefined || right === undefined) return false;
  return one.operator === 'Gt' ? left > right : left < right;
}

function labelOf(node: SlimNode, key: string): string | undefined {
  return Object.entries(node.labels).find(([name]) => name === key)?.[1];
}

/** Required node affinity: some term that is not empty holds with everything in it. */
export function affinityAllows(terms: readonly NodeSelectorTerm[], node: SlimNode): boolean {
  for (const { matchExpressions = [], matchFields = [] } of terms) {
    if (matchExpressions.length + matchFields.length === 0) continue;
    let holds = true;
    for (const one of matchExpressions) {
      if (!expressionHolds(one, labelOf(node, one.key))) holds = false;
    }
    for (const { key, operator, values = [] } of matchFields) {
      const same = values.length === 1 && values[0] === node.name;
      const legal = key === 'metadata.name' && values.length === 1;
      if (!legal || (operator === 'In' ? !same : operator === 'NotIn' ? same : true)) holds = false;
    }
    if (holds) return true;
  }
  return false;
}

/** `nodeSelector`. */
export function selectorAllows(wanted: Readonly<Record<string, string>>, node: SlimNode): boolean {
  return Object.entries(wanted).every(([key, value]) => labelOf(node, key) === value);
}

/** Taints that keep Pods off must each be covered by some toleration. */
export function taintsAllow(tolerations: readonly RawToleration[], node: SlimNode): boolean {
  const hard = node.taints.filter(({ effect }) => effect !== 'PreferNoSchedule');
  return hard.every((taint) => tolerations.some((one) => covers(one, taint)));
}

function covers(one: RawToleration, taint: Taint): boolean {
  const { key = '', operator = '', value = '', effect = '' } = one;
  const sameEffect = effect === '' || effect === taint.effect;
  if (operator === 'Exists') return sameEffect && (key === '' || key === taint.key);
  if (operator !== '' && operator !== 'Equal') return false;
  return sameEffect && key === taint.key && value === taint.value && key !== '';
}

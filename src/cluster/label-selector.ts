// SPDX-License-Identifier: Apache-2.0
import { asText, asTextMap, asTexts, asObjects, isObject } from './json.ts';
import type { LabelSelector } from './slim.ts';

/** A raw `metav1.LabelSelector`; undefined where there is none, which matches nothing. */
export function projectSelector(raw: unknown): LabelSelector | undefined {
  if (!isObject(raw)) return undefined;
  return {
    matchLabels: asTextMap(raw['matchLabels']),
    matchExpressions: asObjects(raw['matchExpressions']).map((expression) => ({
      key: asText(expression['key']),
      operator: asText(expression['operator']),
      values: asTexts(expression['values']),
    })),
  };
}

/** Whether a selector matches these labels; none matches nothing, an empty one everything. */
export function matchesLabels(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (selector === undefined) return false;
  const at = (key: string): string | undefined =>
    Object.hasOwn(labels, key) ? labels[key] : undefined;
  const exact = Object.entries(selector.matchLabels ?? {});
  if (exact.some(([key, value]) => at(key) !== value)) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = at(key);
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

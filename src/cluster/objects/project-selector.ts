// SPDX-License-Identifier: Apache-2.0
import { asObjects, asText, asTextMap, asTexts, isObject } from '#cluster/wire/json.ts';
import type { LabelSelector, NodeSelectorTerm, SelectorRequirement } from './slim.ts';

/** Expressions of a label or node selector. */
export function projectRequirements(raw: unknown): SelectorRequirement[] {
  return asObjects(raw).map((expression) => ({
    key: asText(expression['key']),
    operator: asText(expression['operator']),
    ...(Array.isArray(expression['values']) ? { values: asTexts(expression['values']) } : {}),
  }));
}

/** Terms of a required node affinity. */
export function projectNodeSelectorTerms(raw: unknown): NodeSelectorTerm[] {
  return asObjects(raw).map((term) => ({
    ...(Array.isArray(term['matchExpressions'])
      ? { matchExpressions: projectRequirements(term['matchExpressions']) }
      : {}),
    ...(Array.isArray(term['matchFields'])
      ? { matchFields: projectRequirements(term['matchFields']) }
      : {}),
  }));
}

/**
 * A label selector; undefined where there is none. What an absent one means is the reader's: that
 * of a Pod's affinity matches nothing, that of a webhook everything.
 */
export function projectSelector(raw: unknown): LabelSelector | undefined {
  if (!isObject(raw)) return undefined;
  return {
    ...(isObject(raw['matchLabels']) ? { matchLabels: asTextMap(raw['matchLabels']) } : {}),
    ...(Array.isArray(raw['matchExpressions'])
      ? { matchExpressions: projectRequirements(raw['matchExpressions']) }
      : {}),
  };
}

// SPDX-License-Identifier: Apache-2.0
import { asObjects, asText, asTexts } from './json.ts';
import type { NodeSelectorTerm, SelectorRequirement } from './slim.ts';

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

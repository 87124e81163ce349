// SPDX-License-Identifier: Apache-2.0
import { labelAt, requirementHolds, type Labels } from '#cluster/objects/selector-match.ts';
import type { NodeSelectorTerm, SelectorRequirement, SlimNode } from '#cluster/objects/slim.ts';

/** `nodeSelector`: every label must be there with exactly this value. */
export function nodeSelectorMatches(wanted: Labels, node: SlimNode): boolean {
  for (const key of Object.keys(wanted)) {
    if (labelAt(node.labels, key) !== wanted[key]) return false;
  }
  return true;
}

/** Required node affinity: one term must hold. An empty list, like an empty term, holds nowhere. */
export function nodeTermsMatch(terms: readonly NodeSelectorTerm[], node: SlimNode): boolean {
  return terms.some((term) => nodeTermMatches(term, node));
}

function nodeTermMatches(term: NodeSelectorTerm, node: SlimNode): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((one) => requirementHolds(one, labelAt(node.labels, one.key))) &&
    fields.every((one) => fieldHolds(one, node))
  );
}

/** Only `metadata.name` with `In` or `NotIn` and one value is legal. */
function fieldHolds(requirement: SelectorRequirement, node: SlimNode): boolean {
  const { key, operator, values = [] } = requirement;
  if (key !== 'metadata.name' || values.length !== 1) return false;
  if (operator !== 'In' && operator !== 'NotIn') return false;
  return requirementHolds(requirement, node.name);
}

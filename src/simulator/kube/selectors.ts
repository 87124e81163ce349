// SPDX-License-Identifier: Apache-2.0
import type { LabelSelector, NodeTerm, SelectorExpression } from './kube.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy one expression; knows the operators of label and node selectors. */
export function matchesExpression(labels: Labels, expression: SelectorExpression): boolean {
  const value = labels[expression.key];
  const values = expression.values ?? [];
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** Whether labels satisfy a label selector; an empty or missing one matches everything. */
export function matchesSelector(labels: Labels, selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((expression) =>
    matchesExpression(labels, expression),
  );
}

/**
 * Whether a node satisfies a node selector term. Both lists are ANDed; a term without any
 * expression matches nothing, as in Kubernetes.
 */
export function matchesTerm(labels: Labels, name: string, term: NodeTerm): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((expression) => matchesExpression(labels, expression)) &&
    fields.every((field) => matchesExpression({ 'metadata.name': name }, field))
  );
}

/**
 * Parses the `labelSelector` of a query: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Undefined where
 * the text is no selector.
 */
export function parseLabelSelector(text: string): LabelSelector | undefined {
  const expressions: SelectorExpression[] = [];
  for (const part of text.split(/,(?![^(]*\))/)) {
    const expression = parsePart(part.trim());
    if (expression === undefined) return undefined;
    if (expression !== 'empty') expressions.push(expression);
  }
  return { matchExpressions: expressions };
}

function parsePart(part: string): SelectorExpression | 'empty' | undefined {
  if (part === '') return 'empty';
  return parseSet(part) ?? parseEquality(part) ?? parseExistence(part);
}

function parseSet(part: string): SelectorExpression | undefined {
  const match = /^([^\s!=]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (match === null) return undefined;
  const [, key = '', operator, list = ''] = match;
  const values = list.split(',').map((value) => value.trim());
  return { key, operator: operator === 'in' ? 'In' : 'NotIn', values };
}

function parseEquality(part: string): SelectorExpression | undefined {
  const match = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s=!]*)$/.exec(part);
  if (match === null) return undefined;
  const [, key = '', operator, value = ''] = match;
  return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
}

function parseExistence(part: string): SelectorExpression | undefined {
  const match = /^(!?)\s*([^\s!=()]+)$/.exec(part);
  if (match === null) return undefined;
  const [, negation, key = ''] = match;
  return { key, operator: negation === '!' ? 'DoesNotExist' : 'Exists' };
}

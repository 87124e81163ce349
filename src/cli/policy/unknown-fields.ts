// SPDX-License-Identifier: Apache-2.0
import { customResourceDefinitions } from '#cluster/crd/definitions.ts';
import { asObject, asObjects, asText, isObject, type JsonObject } from '#cluster/wire/json.ts';
import { messageOf } from './mistake.ts';

/** Fields that every Kubernetes object has; `metadata` is the API server's to check. */
const HEAD = ['apiVersion', 'kind', 'metadata', 'status'];
/** A misspelled word differs by so many letters at most. */
const TYPO_LETTERS = 3;

/**
 * Fields of a PlacementPolicy that its CustomResourceDefinition does not know: the API server
 * would drop them without a word, and the policy would not do what it says.
 */
export function unknownFields(policy: JsonObject): string[] {
  const schema = policySchema();
  const known = new Set([...HEAD, 'spec']);
  const problems = Object.keys(policy)
    .filter((key) => !known.has(key))
    .map((key) => unknown(key, key, [...known]));
  return [...problems, ...unknownIn(policy['spec'], asObject(schema['spec']), 'spec')];
}

function policySchema(): JsonObject {
  for (const definition of Object.values(customResourceDefinitions())) {
    const spec = asObject(asObject(definition)['spec']);
    if (asText(asObject(spec['names'])['kind']) !== 'PlacementPolicy') continue;
    const [version] = asObjects(spec['versions']);
    const schema = asObject(asObject(version?.['schema'])['openAPIV3Schema']);
    return asObject(schema['properties']);
  }
  return {};
}

function unknownIn(value: unknown, schema: JsonObject, path: string): string[] {
  if (Array.isArray(value)) {
    const items = asObject(schema['items']);
    return value.flatMap((item, index) => unknownIn(item, items, `${path}[${index}]`));
  }
  // A map of the user's own keys has no properties.
  const properties = schema['properties'];
  if (!isObject(value) || !isObject(properties)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = `${path}.${key}`;
    if (!Object.hasOwn(properties, key)) return [unknown(field, key, Object.keys(properties))];
    return unknownIn(inner, asObject(properties[key]), field);
  });
}

function unknown(field: string, key: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: distanceOf(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const close = near !== undefined && near.distance <= TYPO_LETTERS;
  return messageOf(
    field,
    'an unknown field',
    close ? `a known one; did you mean ${near.name}?` : `one of ${known.join(', ')}`,
  );
}

/** Levenshtein distance: letters to insert, delete or change. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

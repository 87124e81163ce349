// SPDX-License-Identifier: Apache-2.0
import { customResourceDefinitions } from '#cluster/crd/definitions.ts';
import { asObject, asObjects, asText, isObject, type JsonObject } from '#cluster/wire/json.ts';
import { nearest } from '#settings/nearest.ts';
import { messageOf } from './mistake.ts';

/** Fields that every Kubernetes object has; `metadata` is the API server's to check. */
const HEAD = ['apiVersion', 'kind', 'metadata', 'status'];

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
  const near = nearest(key, known);
  return messageOf(
    field,
    'an unknown field',
    near !== undefined ? `a known one; did you mean ${near}?` : `one of ${known.join(', ')}`,
  );
}

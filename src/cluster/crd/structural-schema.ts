// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { asObject, isObject, type JsonObject } from '#cluster/wire/json.ts';

/** Words of a schema in the order in which people read them. */
const ORDER = ['description', 'type', 'format', 'default', 'enum', 'required', 'properties'];

/** The structural schema of a zod schema. */
export function schemaOf(schema: z.ZodType): JsonObject {
  return asObject(tidy(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' })));
}

/**
 * Gives an object the defaults of its fields as its own default. The API server would fill them
 * in by itself, but it checks the CEL rules against the default as it is written.
 */
export function withFullDefault(schema: JsonObject): JsonObject {
  const fields = Object.entries(asObject(schema['properties'])).flatMap(([name, field]) => {
    const { default: value } = asObject(field);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...schema, default: Object.fromEntries(fields) as JsonObject };
}

/** Leaves out what a structural schema does not have, and puts the rest in a fixed order. */
function tidy(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidy);
  if (!isObject(node)) return node;
  const entries = Object.entries(node)
    .filter(([key]) => key !== '$schema' && key !== 'id')
    .map(([key, value]): [string, unknown] => [
      key,
      key === 'properties'
        ? Object.fromEntries(
            Object.entries(asObject(value)).map(([name, field]) => [name, tidy(field)]),
          )
        : tidy(value),
    ]);
  const ordered = Object.fromEntries(entries.sort(([left], [right]) => rank(left) - rank(right)));
  const isObjectWithDefault = ordered['type'] === 'object' && ordered['default'] !== undefined;
  return isObjectWithDefault ? withFullDefault(ordered) : ordered;
}

function rank(key: string): number {
  const index = ORDER.indexOf(key);
  return index === -1 ? ORDER.length : index;
}

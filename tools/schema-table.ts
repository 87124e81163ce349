// SPDX-License-Identifier: Apache-2.0
import { tableOf } from './markdown.ts';

/** A node of a JSON Schema, read without knowing its shape. */
export type SchemaNode = Readonly<Record<string, unknown>>;

/** One field of a schema: its dotted path and what the schema says of it. */
export interface SchemaField {
  readonly path: string;
  readonly node: SchemaNode;
}

/** The fields of an object schema, depth first, in the order in which they stand. */
export function* fieldsOf(schema: SchemaNode, path = ''): Generator<SchemaField> {
  for (const [name, value] of Object.entries(nodeOf(schema['properties']))) {
    const node = nodeOf(value);
    const at = path === '' ? name : `${path}.${name}`;
    yield { path: at, node };
    yield* fieldsOf(node, at);
    const items = nodeOf(node['items']);
    if (items['properties'] !== undefined) yield* fieldsOf(items, `${at}[]`);
  }
}

/** A table of the fields that have a value of their own: name, type with bounds, default, help. */
export function schemaTable(fields: Iterable<SchemaField>): string {
  const rows = [...fields]
    .filter(({ node }) => node['properties'] === undefined)
    .map(({ path, node }) => [
      `\`${path}\``,
      typeText(node),
      defaultText(node['default']),
      typeof node['description'] === 'string' ? node['description'] : '',
    ]);
  return tableOf(['field', 'value', 'default', 'what it does'], rows);
}

/** An object node; anything else is an empty one. */
export function nodeOf(value: unknown): SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as SchemaNode)
    : {};
}

function typeText(node: SchemaNode): string {
  const { type } = node;
  const values = node['enum'];
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'integer' || type === 'number') return `${type}${rangeText(node)}`;
  if (type === 'array') return `list of ${itemText(nodeOf(node['items']))}`;
  if (type === 'object') {
    const isOfLists = nodeOf(node['additionalProperties'])['type'] === 'array';
    return isOfLists ? 'map of lists of texts' : 'map of texts';
  }
  if (type === 'string') return node['format'] === 'uri' ? 'URL' : 'text';
  return type === 'boolean' ? '`true`, `false`' : 'any';
}

function itemText(items: SchemaNode): string {
  if (Array.isArray(items['enum'])) return typeText(items);
  return items['type'] === 'object' ? 'objects' : 'texts';
}

function rangeText({ minimum, maximum }: SchemaNode): string {
  const [low, high] = [minimum, maximum].map((bound) =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined,
  );
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}`;
  if (low !== undefined) return `, at least ${low}`;
  return high === undefined ? '' : `, at most ${high}`;
}

function defaultText(value: unknown): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return `\`${value}\``;
  return `\`${JSON.stringify(value)}\``;
}

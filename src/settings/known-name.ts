// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { nearest } from './nearest.ts';

/** More names than these are no help in one line. */
const MOST_NAMES = 12;

type Node = Readonly<Record<string, unknown>>;

/**
 * What was expected in place of a name that a schema does not know: the one that was probably meant, else
 * all that there are at this place.
 *
 * @param path where the object stands that holds the name
 * @param what how people call it, for example `a known setting`
 */
export function expectedName(
  schema: z.ZodType,
  path: readonly PropertyKey[],
  { name, what }: { readonly name: string; readonly what: string },
): string {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  const known = Object.keys(propertiesAt(root, path));
  const near = nearest(name, known);
  if (near !== undefined) return `${what}; did you mean ${near}?`;
  return known.length === 0 || known.length > MOST_NAMES ? what : `one of ${known.join(', ')}`;
}

function propertiesAt(root: Node, path: readonly PropertyKey[]): Node {
  let nodes = alternatives(root);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const next =
        typeof key === 'number'
          ? node['items']
          : (asNode(node['properties'])[String(key)] ?? node['additionalProperties']);
      return alternatives(asNode(next));
    });
  }
  return Object.assign({}, ...nodes.map((node) => asNode(node['properties']))) as Node;
}

/** A schema and, where it is a choice, what there is to choose. */
function alternatives(node: Node): Node[] {
  const choices = [node['anyOf'], node['oneOf'], node['allOf']].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  return [node, ...choices.flatMap((choice) => alternatives(asNode(choice)))];
}

function asNode(value: unknown): Node {
  return typeof value === 'object' && value !== null ? (value as Node) : {};
}

// SPDX-License-Identifier: Apache-2.0
import { type Document, type LineCounter, isNode } from 'yaml';
import { API_GROUP, GROUP_VERSION } from '#cluster/api/resources.ts';
import { asObject, asText, isObject } from '#cluster/wire/json.ts';
import { policyProblems } from '#cluster/policy/parse.ts';
import { messageOf, type Mistake } from './mistake.ts';
import { unknownFields } from './unknown-fields.ts';

const NAME_PATTERN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** What came of one document. */
export interface LintedDocument {
  /** `policy`: checked. `other`: of another API group, none of ours. `empty`: nothing in it. */
  readonly kind: 'policy' | 'other' | 'empty';
  /** `namespace/name` of a policy. */
  readonly name: string;
  readonly mistakes: readonly Omit<Mistake, 'file' | 'document'>[];
}

/** Checks one document as the API server and the product would. */
export function lintDocument(document: Document, lines: LineCounter): LintedDocument {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // The library throws these two at what repeats itself too often and at what nests too deeply.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const expected = 'YAML without deep nesting and without many aliases';
    const message = messageOf('document', error.message, expected);
    return { kind: 'policy', name: '', mistakes: [{ line: 1, message }] };
  }
  if (value === null || value === undefined) return { kind: 'empty', name: '', mistakes: [] };
  if (!isObject(value)) {
    return {
      kind: 'policy',
      name: '',
      mistakes: [{ line: 1, message: messageOf('document', value, 'a PlacementPolicy') }],
    };
  }
  const apiVersion = asText(value['apiVersion']);
  const foreign = apiVersion !== '' && !apiVersion.startsWith(`${API_GROUP}/`);
  if (foreign && value['kind'] !== 'PlacementPolicy')
    return { kind: 'other', name: '', mistakes: [] };
  const metadata = asObject(value['metadata']);
  const messages = [
    ...headProblems(value['apiVersion'], value['kind'], metadata['name']),
    ...unknownFields(value),
    ...policyProblems(value['spec']),
  ];
  const namespace = asText(metadata['namespace']);
  return {
    kind: 'policy',
    name: `${namespace === '' ? 'default' : namespace}/${asText(metadata['name'])}`,
    mistakes: messages.map((message) => ({ message, line: lineOf(message, document, lines) })),
  };
}

function headProblems(apiVersion: unknown, kind: unknown, name: unknown): string[] {
  const problems: string[] = [];
  if (apiVersion !== GROUP_VERSION)
    problems.push(messageOf('apiVersion', apiVersion, GROUP_VERSION));
  if (kind !== 'PlacementPolicy') problems.push(messageOf('kind', kind, 'PlacementPolicy'));
  if (typeof name !== 'string' || !NAME_PATTERN.test(name) || name.length > 253) {
    problems.push(
      messageOf('metadata.name', name, 'a name of lower-case letters, digits, - and .'),
    );
  }
  return problems;
}

/** The line of the field that a message begins with, or of the nearest one above it. */
function lineOf(message: string, document: Document, lines: LineCounter): number | undefined {
  const field = message.split(': found ')[0] ?? '';
  const path = [...field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? (name ?? '') : Number(index),
  );
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** A field of a manifest that is read without knowing its shape. */
export type Field = Readonly<Record<string, unknown>>;

/** One object of the kustomize base. */
export interface Manifest {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly body: Field;
}

const BASE = fileURLToPath(new URL('../../../manifests/base/', import.meta.url));

/** The text of a file of the base. */
export function readBase(file: string): string {
  return readFileSync(BASE + file, 'utf8');
}

/** Every object of a file; fails on any YAML error or warning. */
export function objects(file: string): Field[] {
  return parseAllDocuments(readBase(file)).map((document) => {
    assert.deepEqual(document.errors, [], file);
    assert.deepEqual(document.warnings, [], file);
    return document.toJS() as Field;
  });
}

/** The kustomization itself. */
export const kustomization = objects('kustomization.yaml')[0] ?? {};

/** Every object that the kustomization names, the generated ConfigMap included. */
export const manifests: readonly Manifest[] = [
  ...strings(kustomization['resources']).flatMap((file) =>
    objects(file).map((body): Manifest => {
      const metadata = field(body, 'metadata');
      const namespace = metadata['namespace'];
      return {
        file,
        kind: String(body['kind']),
        name: String(metadata['name']),
        namespace: typeof namespace === 'string' ? namespace : undefined,
        body,
      };
    }),
  ),
  ...fields(kustomization['configMapGenerator']).map((generator): Manifest => ({
    file: 'kustomization.yaml',
    kind: 'ConfigMap',
    name: String(generator['name']),
    namespace: String(generator['namespace']),
    body: { data: Object.fromEntries(strings(generator['files']).map((f) => [f, readBase(f)])) },
  })),
];

/** All objects of a kind. */
export function ofKind(kind: string): readonly Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

/** The one object of a kind and name. */
export function one(kind: string, name: string): Manifest {
  const found = ofKind(kind).filter((manifest) => manifest.name === name);
  assert.equal(found.length, 1, `${kind} ${name}`);
  return found[0]!;
}

/** The object at a path of field names; an absent one is empty. */
export function field(value: unknown, ...path: readonly string[]): Field {
  let at = value;
  for (const key of path) at = isField(at) ? at[key] : undefined;
  return isField(at) ? at : {};
}

/** The objects of a list. */
export function fields(value: unknown): Field[] {
  return Array.isArray(value) ? value.filter(isField) : [];
}

/** The texts of a list. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function isField(value: unknown): value is Field {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

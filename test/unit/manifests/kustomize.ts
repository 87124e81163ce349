// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import jsonPatch from 'fast-json-patch';
import { parse, parseAllDocuments } from 'yaml';
import { type Field, field, fields, strings } from './base.ts';

/*
 * The part of kustomize that our kustomizations use, so that the overlays can be tested without
 * it: resources, components, config maps, JSON patches and whole deletions. The chart's tests
 * compare it with the real one. Anything else in a kustomization is an error here.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const KNOWN = new Set([
  'apiVersion',
  'kind',
  'resources',
  'components',
  'patches',
  'configMapGenerator',
  'labels',
  'images',
]);

/** The objects of a kustomization; config maps without the hash in their names. */
export function build(folder: string): Field[] {
  return merge([], folder);
}

function merge(before: readonly Field[], folder: string): Field[] {
  const path = join(folder, 'kustomization.yaml');
  const kustomization = parse(readFileSync(join(ROOT, path), 'utf8')) as Field;
  for (const key of Object.keys(kustomization)) assert.ok(KNOWN.has(key), `${path}: ${key}`);
  let objects = [...before];
  for (const resource of strings(kustomization['resources'])) {
    objects.push(...resourceOf(join(folder, resource)));
  }
  for (const component of strings(kustomization['components'])) {
    objects = merge(objects, normalize(join(folder, component)));
  }
  for (const generator of fields(kustomization['configMapGenerator'])) {
    objects = [...objects.filter((object) => !isSame(object, generator)), mapOf(folder, generator)];
  }
  for (const patch of fields(kustomization['patches'])) objects = patched(objects, patch, path);
  return objects;
}

function resourceOf(path: string): Field[] {
  if (statSync(join(ROOT, path)).isDirectory()) return build(normalize(path));
  return parseAllDocuments(readFileSync(join(ROOT, path), 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], path);
    return document.toJS() as Field;
  });
}

function isSame(object: Field, generator: Field): boolean {
  const { name, namespace } = field(object, 'metadata');
  return (
    object['kind'] === 'ConfigMap' &&
    isDeepStrictEqual([name, namespace], [generator['name'], generator['namespace']])
  );
}

function mapOf(folder: string, generator: Field): Field {
  const data = strings(generator['files']).map((entry) => {
    const [name = '', file = name] = entry.split('=');
    return [name.split('/').at(-1) ?? '', readFileSync(join(ROOT, folder, file), 'utf8')] as const;
  });
  const { labels } = field(generator, 'options');
  const { name, namespace } = generator;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    data: Object.fromEntries(data),
  };
}

/** Applies one patch; a target that matches nothing, or a `test` that fails, is an error. */
function patched(objects: readonly Field[], patch: Field, path: string): Field[] {
  const target = field(patch, 'target');
  const isTarget = (object: Field): boolean =>
    object['kind'] === target['kind'] && field(object, 'metadata')['name'] === target['name'];
  const found = objects.filter(isTarget);
  const what = `${path}: ${String(target['kind'])} ${String(target['name'])}`;
  assert.equal(found.length, 1, what);
  const body = parse(String(patch['patch'])) as unknown;
  if (!Array.isArray(body)) {
    assert.equal(field(body)['$patch'], 'delete', what);
    return objects.filter((object) => !isTarget(object));
  }
  const operations = body as jsonPatch.Operation[];
  return objects.map((object) =>
    isTarget(object)
      ? jsonPatch.applyPatch(structuredClone(object), operations, true).newDocument
      : object,
  );
}

/** Kind, namespace and name of an object: what tells it from every other. */
export function keyOf(object: Field): string {
  const { name, namespace } = field(object, 'metadata');
  const place = typeof namespace === 'string' ? namespace : '';
  return `${String(object['kind'])}/${place}/${String(name)}`;
}

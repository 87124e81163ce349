// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResourceDefinitions } from '#cluster/crd/definitions.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import { asList, asObject, asObjects, isObject, type JsonObject } from '#cluster/wire/json.ts';
import { committedCrd, generatedCrds } from '../../../../tools/generate-crds.ts';

const schemas = Object.values(customResourceDefinitions()).map((definition) => {
  const [version] = asObjects(asObject(definition['spec'])['versions']);
  return asObject(asObject(version?.['schema'])['openAPIV3Schema']);
});

/** Every schema node below `root` with its path, but not `metadata`. */
function* nodes(root: JsonObject, path = ''): Generator<[string, JsonObject]> {
  yield [path, root];
  for (const [name, child] of Object.entries(asObject(root['properties']))) {
    if (`${path}.${name}` !== '.metadata') yield* nodes(asObject(child), `${path}.${name}`);
  }
  if (isObject(root['items'])) yield* nodes(root['items'], `${path}[]`);
  if (isObject(root['additionalProperties'])) {
    yield* nodes(root['additionalProperties'], `${path}{}`);
  }
}

const all = schemas.flatMap((schema) => [...nodes(schema)]);

describe('the generated custom resource definitions', () => {
  it('are those in manifests/base/crds', () => {
    for (const [file, text] of Object.entries(generatedCrds())) {
      assert.equal(committedCrd(file), text, `${file}: run node tools/generate-crds.ts`);
    }
  });

  it('describe every field for kubectl explain', () => {
    const silent = all.filter(
      ([path, node]) => node['description'] === undefined && !/(\[\]|\{\})$/.test(path),
    );
    assert.deepEqual(
      silent.map(([path]) => path),
      [],
    );
  });

  it('bound every string, number, list and map', () => {
    const unbounded = all.filter(([path, node]) => {
      if (/^\.(apiVersion|kind)$/.test(path)) return false;
      switch (node['type']) {
        case 'string':
          return (
            node['enum'] === undefined &&
            node['maxLength'] === undefined &&
            node['format'] !== 'date-time'
          );
        case 'integer':
          return (
            node['minimum'] === undefined ||
            (node['maximum'] === undefined && node['format'] !== 'int64')
          );
        case 'boolean':
          return false;
        case 'array':
          return node['maxItems'] === undefined;
        case 'object':
          return isObject(node['additionalProperties']) && node['maxProperties'] === undefined;
        default:
          return true;
      }
    });
    assert.deepEqual(
      unbounded.map(([path]) => path),
      [],
    );
  });

  it('use no floating point and give every list its type', () => {
    for (const [path, node] of all) {
      assert.notEqual(node['type'], 'number', path);
      if (node['type'] === 'array') assert.ok(node['x-kubernetes-list-type'], path);
    }
  });

  it('hold only words of a structural schema', () => {
    const text = JSON.stringify(schemas);
    for (const word of ['$ref', '$schema', 'anyOf', 'oneOf', 'allOf', 'const', 'propertyNames']) {
      assert.ok(!text.includes(`"${word}":`), word);
    }
  });

  it('default an absent spec to what the process takes it for', () => {
    const spec = asObject(asObject(schemas[0]?.['properties'])['spec']);
    assert.deepEqual(spec['default'], DEFAULT_POLICY_SPEC);
  });

  it('repeat the rules between fields in CEL', () => {
    const rules = all.flatMap(([, node]) => asList(node['x-kubernetes-validations']));
    assert.equal(rules.length, 13);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import jsonpatch, { type Operation } from 'fast-json-patch';
import { applyOperations, ApplyError } from '#admission/apply.ts';
import type { JsonObject } from '#admission/json.ts';
import type { PatchOperation } from '#admission/patch.ts';

const key = fc.constantFrom('a', 'b', '0', '1', '-', 'x/y', 'x~1');
const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean());
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const document = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });
const path = fc
  .array(key, { minLength: 1, maxLength: 4 })
  .map((tokens) => tokens.map((one) => `/${jsonpatch.escapePathComponent(one)}`).join(''));
const operation = fc.oneof(
  fc.record({ op: fc.constant('add' as const), path, value }),
  fc.record({ op: fc.constant('remove' as const), path }),
);

describe('applying operations', () => {
  test('does what fast-json-patch does, and refuses what it refuses', () => {
    let applied = 0;
    let refused = 0;
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 4 }), (before, operations) => {
        const wanted = reference(before, operations);
        if (wanted === undefined) {
          refused += 1;
          assert.throws(() => applyOperations(before, operations), ApplyError);
        } else {
          applied += 1;
          assert.deepEqual(applyOperations(before, operations), wanted);
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
    assert.ok(applied > 300 && refused > 300, `${applied} applied, ${refused} refused`);
  });

  test('leaves the document and the values of the operations as they are', () => {
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 4 }), (before, operations) => {
        const text = JSON.stringify({ before, operations });
        try {
          applyOperations(before, operations);
        } catch (error) {
          assert.ok(error instanceof ApplyError);
        }
        assert.equal(JSON.stringify({ before, operations }), text);
      }),
      { numRuns: 1000, seed: 2 },
    );
  });

  test('a value that was added can be changed by a later operation', () => {
    const operations: PatchOperation[] = [
      { op: 'add', path: '/affinity', value: { list: ['first'] } },
      { op: 'add', path: '/affinity/list/-', value: 'second' },
    ];
    const after = applyOperations({}, operations);
    assert.deepEqual(after, { affinity: { list: ['first', 'second'] } });
    assert.deepEqual(operations[0], { op: 'add', path: '/affinity', value: { list: ['first'] } });
  });

  test('finds own keys only, where the library finds inherited ones', () => {
    const remove = { op: 'remove', path: '/constructor' } as const;
    assert.throws(() => applyOperations({}, [remove]), ApplyError);
    const add = { op: 'add', path: '/constructor/name', value: 1 } as const;
    assert.throws(() => applyOperations({}, [add]), ApplyError);
    assert.deepEqual(applyOperations({ constructor: 1 }, [remove]), {});
  });

  test('takes __proto__ for a key like any other', () => {
    const before = JSON.parse('{"map":{"__proto__":{"old":1}}}') as JsonObject;
    const after = applyOperations(before, [
      { op: 'add', path: '/map/__proto__/new', value: 2 },
      { op: 'add', path: '/__proto__', value: { polluted: true } },
    ]);
    const text = '{"map":{"__proto__":{"old":1,"new":2}},"__proto__":{"polluted":true}}';
    assert.equal(JSON.stringify(after), text);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
});

/** What the library makes of it; undefined where it refuses. */
function reference(before: JsonObject, operations: readonly PatchOperation[]): unknown {
  try {
    const copy = structuredClone(operations) as Operation[];
    return jsonpatch.applyPatch(structuredClone(before), copy, true).newDocument;
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringMapAt, type JsonObject } from '#admission/review/json.ts';

describe('stringMapAt', () => {
  it('holds the own string entries, whatever else there is and whatever they are called', () => {
    const values = fc.oneof(fc.string(), fc.constantFrom<unknown>(1, null, true, {}, ['a']));
    const keys = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString'));
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, values)), (entries) => {
        // As it comes out of JSON, where `__proto__` is a key like any other.
        const text = JSON.stringify({ labels: Object.fromEntries(entries) });
        const object = JSON.parse(text) as { readonly labels: JsonObject };
        const expected = Object.entries(object.labels).filter(
          ([, value]) => typeof value === 'string',
        );
        assert.deepEqual(Object.entries(stringMapAt(object, 'labels')), expected);
      }),
    );
  });

  it('is empty where there is no map', () => {
    for (const labels of [undefined, null, 'a', ['a'], 1]) {
      assert.deepEqual(stringMapAt({ labels }, 'labels'), {});
    }
  });
});

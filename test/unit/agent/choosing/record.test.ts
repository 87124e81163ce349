// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { recordOf } from '#agent/choosing/record.ts';

describe('recordOf', () => {
  it('gives what Object.fromEntries gives, for any keys', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '1'));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.integer())), (entries) => {
        const record = recordOf(
          entries,
          ([name]) => name,
          ([, value]) => value,
        );
        assert.deepEqual(record, Object.fromEntries(entries));
        assert.equal(JSON.stringify(record), JSON.stringify(Object.fromEntries(entries)));
      }),
    );
  });
});

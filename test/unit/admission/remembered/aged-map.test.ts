// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AgedMap } from '#admission/remembered/aged-map.ts';

describe('AgedMap', () => {
  it('is a map in order of insertion, whatever comes and goes', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
      kind: fc.constantFrom('put', 'take', 'take oldest'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const aged = new AgedMap<number>();
        const plain = new Map<string, number>();
        for (const [value, { key, kind }] of steps.entries()) {
          if (kind === 'put') {
            aged.put(key, value);
            plain.delete(key);
            plain.set(key, value);
          } else {
            const which = kind === 'take' ? key : (aged.oldest?.key ?? '');
            assert.equal(aged.take(which), plain.get(which));
            plain.delete(which);
          }
          const [oldest] = plain;
          assert.equal(aged.oldest?.key, oldest?.[0]);
          assert.equal(aged.oldest?.value, oldest?.[1]);
          assert.equal(aged.size, plain.size);
          assert.deepEqual([...aged.values()], [...plain.values()]);
          for (const one of ['a', 'b', 'c', 'd', '__proto__', 'constructor']) {
            assert.equal(aged.get(one), plain.get(one));
            assert.equal(aged.has(one), plain.has(one));
          }
        }
      }),
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Slots } from '#admission/slots.ts';

describe('Slots', () => {
  it('gives each name in use one number of its own, and never more than were in use at once', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), acquire: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new Slots();
        const users = new Map<string, { number: number; count: number }>();
        let most = 0;
        for (const { name, acquire } of steps) {
          const known = users.get(name);
          if (acquire) {
            const number = slots.acquire(name);
            assert.equal(number, known?.number ?? number, 'the same as long as it is used');
            users.set(name, { number, count: (known?.count ?? 0) + 1 });
          } else {
            slots.release(name);
            if (known !== undefined) known.count -= 1;
            if (known?.count === 0) users.delete(name);
          }
          most = Math.max(most, users.size);
          assert.equal(slots.size, users.size);
          assert.ok(slots.limit <= most);
          const numbers = new Set<number>();
          for (const one of ['a', 'b', 'c', 'd']) {
            const number = users.get(one)?.number;
            assert.equal(slots.numberOf(one), number);
            if (number === undefined) continue;
            numbers.add(number);
            assert.equal(slots.nameOf(number), one);
          }
          assert.equal(numbers.size, users.size);
        }
      }),
    );
  });
});

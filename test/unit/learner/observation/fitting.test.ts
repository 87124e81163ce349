// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitting } from '#learner/observation/fitting.ts';

void describe('what an observation has room for', () => {
  const entries = [
    ['d', true],
    ['a', false],
    ['c', true],
    ['b', false],
  ] as const;
  const tells = (value: boolean): boolean => value;

  void test('all that fits, the very same', () => {
    assert.equal(fitting(entries, 4, tells), entries);
  });

  void test('what tells something before what does not, then by name, in their order', () => {
    const names = (limit: number): string[] => fitting(entries, limit, tells).map(([name]) => name);
    assert.deepEqual(names(3), ['d', 'a', 'c']);
    assert.deepEqual(names(2), ['d', 'c']);
    assert.deepEqual(names(1), ['c']);
    assert.deepEqual(names(0), []);
  });
});

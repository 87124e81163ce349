// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetsOf } from '#learner/tick/targets.ts';
import { node } from '../fixtures.ts';
import { policyWith } from '../world.ts';

void test('targetsOf keeps to the targets a policy names, present or not', () => {
  const byLabel = new Map([
    ['a', [node('a')]],
    ['b', [node('b')]],
  ]);
  assert.deepEqual([...targetsOf(policyWith(), byLabel).keys()], ['a', 'b']);
  const named = targetsOf(policyWith({ targets: ['b', 'z'] }), byLabel);
  assert.deepEqual(
    [...named].map(([target, nodes]) => [target, nodes.length]),
    [
      ['b', 1],
      ['z', 0],
    ],
  );
});

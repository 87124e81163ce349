// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueOf } from '#learner/readings/value.ts';
import { measured } from '../world.ts';

const watts = (value: number) => measured(value, { from: 0, to: 60_000 });

void test('valueOf gives finite numbers only', () => {
  assert.equal(valueOf(watts(0)), 0);
  assert.equal(valueOf(watts(Number.NaN)), undefined);
  assert.equal(valueOf({ kind: 'missing', reason: 'absent', detail: 'for a test' }), undefined);
  assert.equal(valueOf(undefined), undefined);
});

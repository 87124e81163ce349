// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { microTime } from '#cluster/wire/micro-time.ts';

it('micro times have six fractional digits', () => {
  assert.equal(microTime(0), '1970-01-01T00:00:00.000000Z');
  assert.equal(microTime(1_700_000_000_312), '2023-11-14T22:13:20.312000Z');
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isAtLeast, ResourceVersionGate } from '#cluster/watch/resource-version.ts';

describe('resource versions', () => {
  it('compare as numbers of any size', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 80n }),
        fc.bigInt({ min: 0n, max: 2n ** 80n }),
        (left, right) => {
          assert.equal(isAtLeast(String(left), String(right)), left >= right);
        },
      ),
    );
    assert.equal(isAtLeast('10', '9'), true);
    assert.equal(isAtLeast('0009', '10'), false);
  });
});

describe('the gate', () => {
  it('opens for those who wait for what was reached', async () => {
    const gate = new ResourceVersionGate();
    const early = gate.until('10');
    const late = gate.until('12');
    gate.reached('11');
    assert.equal(await early, true);
    assert.equal(await gate.until('11'), true);
    gate.close();
    assert.equal(await late, false);
    assert.equal(await gate.until('13'), false);
  });
});

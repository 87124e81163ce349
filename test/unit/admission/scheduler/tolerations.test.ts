// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Toleration } from '#admission/pod/incoming-pod.ts';
import { tolerates, toleratesAll } from '#admission/scheduler/tolerations.ts';

const TAINT = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

function toleration(overrides: Partial<Toleration>): Toleration {
  return { key: '', operator: '', value: '', effect: '', ...overrides };
}

describe('tolerates', () => {
  const cases: [Partial<Toleration>, boolean][] = [
    [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }, true],
    [{ key: 'gpu', operator: 'Equal', value: 'no', effect: 'NoSchedule' }, false],
    [{ key: 'gpu', value: 'yes' }, true],
    [{ key: 'gpu', value: 'no' }, false],
    [{ key: 'gpu', operator: 'Exists' }, true],
    [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'disk', operator: 'Exists' }, false],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoSchedule' }, true],
    [{ operator: 'Exists', effect: 'NoExecute' }, false],
    [{ operator: 'Equal', value: 'yes' }, false],
    [{ value: 'yes' }, false],
    [{ key: 'gpu', operator: 'Gt', value: '1' }, false],
  ];
  for (const [one, covered] of cases) {
    it(`${JSON.stringify(one)}: ${String(covered)}`, () => {
      assert.equal(tolerates(toleration(one), TAINT), covered);
    });
  }
});

describe('toleratesAll', () => {
  const key = toleration({ key: 'gpu', operator: 'Exists' });

  it('needs every hard taint covered', () => {
    assert.equal(toleratesAll([], []), true);
    assert.equal(toleratesAll([], [TAINT]), false);
    assert.equal(toleratesAll([key], [TAINT]), true);
    assert.equal(toleratesAll([key], [TAINT, { ...TAINT, key: 'disk' }]), false);
    assert.equal(toleratesAll([], [{ ...TAINT, effect: 'NoExecute' }]), false);
  });

  it('passes over soft taints', () => {
    assert.equal(toleratesAll([], [{ ...TAINT, effect: 'PreferNoSchedule' }]), true);
  });
});

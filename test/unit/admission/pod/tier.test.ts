// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TierRule } from '#cluster/policy/policy.ts';
import { OTHER_TIER, tierOf } from '#admission/pod/tier.ts';

const RULES: readonly TierRule[] = [
  { name: 'data', matchLabels: { role: 'db' } },
  { name: 'gold', matchLabels: { role: 'db', plan: 'gold' } },
  { name: 'odd', matchLabels: { constructor: 'x' } },
];

describe('tierOf', () => {
  it('takes the first rule all of whose labels are there', () => {
    assert.equal(tierOf({ role: 'db', plan: 'gold' }, RULES), 'data');
    assert.equal(tierOf({ role: 'db', plan: 'gold' }, RULES.slice(1)), 'gold');
    assert.equal(tierOf({ plan: 'gold' }, RULES), OTHER_TIER);
    assert.equal(tierOf({}, RULES), OTHER_TIER);
    assert.equal(tierOf({}, []), OTHER_TIER);
  });

  it('matches everything with an empty rule', () => {
    assert.equal(tierOf({}, [{ name: 'all', matchLabels: {} }]), 'all');
  });
});

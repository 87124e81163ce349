// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CONDITION_TYPES,
  nextPolicyStatus,
  projectPolicyStatus,
  type ConditionWish,
  type StatusWishes,
} from '#cluster/policy/status.ts';

const T = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const HOUR = 3_600_000;

function wishes(over: Partial<ConditionWish> = {}): StatusWishes {
  const conditions = CONDITION_TYPES.map((type) => ({
    type,
    status: 'True' as const,
    reason: 'Fine',
    message: 'All is well',
    ...(type === 'Ready' ? over : {}),
  }));
  return { conditions };
}

describe('the status of a policy', () => {
  it('is written where there is none, with times in seconds', () => {
    const status = nextPolicyStatus(undefined, wishes(), 3, T);
    assert.equal(status?.observedGeneration, 3);
    assert.deepEqual(
      status.conditions.map(({ type }) => type),
      CONDITION_TYPES,
    );
    assert.deepEqual(status.conditions[0], {
      type: 'Ready',
      status: 'True',
      reason: 'Fine',
      message: 'All is well',
      observedGeneration: 3,
      lastTransitionTime: '2026-01-02T03:04:05Z',
    });
  });

  it('is not written while it says the same, whatever the time', () => {
    const first = nextPolicyStatus(undefined, wishes(), 3, T);
    assert.equal(nextPolicyStatus(first, wishes(), 3, T + HOUR), undefined);
    assert.ok(nextPolicyStatus(first, wishes(), 4, T + HOUR), 'a new generation');
  });

  it('a transition has the time of its status, not of its words', () => {
    const first = nextPolicyStatus(undefined, wishes(), 3, T);
    const words = nextPolicyStatus(first, wishes({ message: 'Other words' }), 3, T + HOUR);
    assert.equal(words?.conditions[0]?.lastTransitionTime, '2026-01-02T03:04:05Z');
    const fall = nextPolicyStatus(words, wishes({ status: 'False', reason: 'Bad' }), 3, T + HOUR);
    assert.equal(fall?.conditions[0]?.lastTransitionTime, '2026-01-02T04:04:05Z');
    assert.equal(fall.conditions[1]?.lastTransitionTime, '2026-01-02T03:04:05Z');
  });

  it('reads back what was written', () => {
    const status = nextPolicyStatus(undefined, wishes(), 3, T);
    assert.deepEqual(projectPolicyStatus(JSON.parse(JSON.stringify(status))), status);
  });

  it('reads whatever else stands there without believing it', () => {
    fc.assert(fc.property(fc.jsonValue(), (raw) => void projectPolicyStatus(raw)));
    assert.equal(projectPolicyStatus(undefined), undefined);
    assert.equal(projectPolicyStatus({}), undefined);
    const foreign = { type: 'Foreign', status: 'True' };
    const odd = { type: 'Ready', status: 'Maybe' };
    const read = projectPolicyStatus({ observedGeneration: 1, conditions: [foreign, odd, 7] });
    assert.deepEqual(read, { observedGeneration: 1, conditions: [] });
  });
});

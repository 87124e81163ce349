// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkPatch } from '#admission/patch/check.ts';
import type { JsonObject } from '#admission/review/json.ts';
import { planMerge, type Merge } from '#admission/patch/merge.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import { expressionOf, REQUIRED } from '#admission/patch/requirement.ts';
import { PerihelionError } from '#errors';
import { rawPod } from '../world.ts';

const TARGET = { topologyKey: 'kubernetes.io/hostname', value: 'w1' };
const RULE = `/spec/affinity/nodeAffinity/${REQUIRED}`;
const OURS = expressionOf(TARGET);
const DISK = { key: 'disk', operator: 'In', values: ['ssd'] };
const NAME = { key: 'metadata.name', operator: 'In', values: ['w1'] };

function ruled(...terms: unknown[]): JsonObject {
  return rawPod({ affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: terms } } } });
}

function planned(pod: JsonObject, over: Partial<Parameters<typeof planMerge>[0]> = {}) {
  const input = { pod, target: TARGET, required: true, former: undefined, annotations: {} };
  const merge = planMerge({ ...input, ...over });
  return { merge, operations: operationsOf(pod, merge) };
}

function refuses(
  message: RegExp,
  pod: JsonObject,
  merge: Merge,
  operations: readonly PatchOperation[],
): void {
  assert.throws(
    () => checkPatch({ pod, bodyBytes: 1000, merge, operations }),
    (error) =>
      error instanceof PerihelionError &&
      error.code === 'PERI_PATCH_UNSAFE' &&
      message.test(error.message),
  );
}

describe('a required target', () => {
  const cases: [string, JsonObject, PatchOperation[]][] = [
    [
      'makes a rule where there is none',
      rawPod({ affinity: { nodeAffinity: {} } }),
      [{ op: 'add', path: RULE, value: { nodeSelectorTerms: [{ matchExpressions: [OURS] }] } }],
    ],
    [
      'goes into every term',
      ruled({ matchExpressions: [DISK] }, { matchFields: [NAME] }),
      [
        { op: 'add', path: `${RULE}/nodeSelectorTerms/0/matchExpressions/-`, value: OURS },
        { op: 'add', path: `${RULE}/nodeSelectorTerms/1/matchExpressions`, value: [OURS] },
      ],
    ],
    [
      'stays out of a term that matches no node, which it would open',
      ruled({}, { matchExpressions: [], matchFields: [] }, { matchExpressions: [DISK] }),
      [{ op: 'add', path: `${RULE}/nodeSelectorTerms/2/matchExpressions/-`, value: OURS }],
    ],
    [
      'is added even where the user requires the same',
      ruled({ matchExpressions: [OURS] }),
      [{ op: 'add', path: `${RULE}/nodeSelectorTerms/0/matchExpressions/-`, value: OURS }],
    ],
  ];
  for (const [name, pod, expected] of cases) {
    it(name, () => {
      const { merge, operations } = planned(pod);
      assert.deepEqual(operations, expected);
      checkPatch({ pod, bodyBytes: 1000, merge, operations });
    });
  }

  it('is not sent where no term can take it', () => {
    for (const terms of [[], [{}], [null]]) {
      assert.throws(() => planned(ruled(...terms)), { code: 'PERI_PATCH_UNSAFE' });
    }
  });

  it('takes an own former rule out, and leaves the same rule of the user', () => {
    const own = { target: undefined, former: TARGET, formerRequired: true };
    assert.deepEqual(planned(ruled({ matchExpressions: [OURS] }), own).operations, [
      { op: 'remove', path: RULE },
    ]);
    assert.deepEqual(planned(ruled({ matchExpressions: [OURS, OURS] }), own).operations, [
      { op: 'remove', path: `${RULE}/nodeSelectorTerms/0/matchExpressions/1` },
    ]);
  });

  it('of a decision that nobody signed stays: it may be the user’s', () => {
    const forged = { target: undefined, former: TARGET, formerRequired: false };
    assert.deepEqual(planned(ruled({ matchExpressions: [OURS] }), forged).operations, []);
  });
});

describe('the check of a required target', () => {
  const pod = ruled({ matchExpressions: [DISK] }, { matchFields: [NAME] });
  const { merge, operations } = planned(pod);
  const [first, second] = operations as [PatchOperation, PatchOperation];

  it('refuses a rule that binds one term only', () => {
    refuses(/a required term differs/, pod, merge, [first]);
  });

  it('refuses a term of its own, which would widen the rule', () => {
    const value = { matchExpressions: [OURS] };
    const path = `${RULE}/nodeSelectorTerms/-`;
    refuses(/is not ours/, pod, merge, [first, second, { op: 'add', path, value }]);
    const whole = {
      nodeSelectorTerms: [{ matchExpressions: [DISK] }, { matchFields: [NAME] }, value],
    };
    refuses(/added or removed/, pod, merge, [{ op: 'add', path: RULE, value: whole }]);
  });

  it('refuses the removal of an expression of the user', () => {
    const path = `${RULE}/nodeSelectorTerms/0/matchExpressions/0`;
    refuses(/a required term differs/, pod, merge, [first, second, { op: 'remove', path }]);
  });

  it('refuses the removal of a rule that holds more than ours', () => {
    const change = { expression: undefined, create: false, removeRule: true, terms: [] };
    const removal = { ...merge, requirement: change };
    refuses(/not ours/, pod, removal, [{ op: 'remove', path: RULE }]);
  });

  it('refuses to open a term that matches no node', () => {
    const closed = ruled({}, { matchExpressions: [DISK] });
    const plan = planned(closed);
    const path = `${RULE}/nodeSelectorTerms/0/matchExpressions`;
    const opened = [...plan.operations, { op: 'add', path, value: [OURS] } as const];
    refuses(/a required term differs/, closed, plan.merge, opened);
  });

  it('refuses a required path where nothing is to be required', () => {
    const prefer = planned(pod, { required: false });
    refuses(/is not ours/, pod, prefer.merge, [...prefer.operations, first]);
  });
});

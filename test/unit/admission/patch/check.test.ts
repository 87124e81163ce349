// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANNOTATIONS_LIMIT_BYTES, checkPatch, OBJECT_LIMIT_BYTES } from '#admission/patch/check.ts';
import type { JsonObject } from '#admission/review/json.ts';
import { planMerge, preferredTerm, PREFERRED, type Merge } from '#admission/patch/merge.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import { PerihelionError } from '#errors';
import { rawPod } from '../world.ts';

const TARGET = { topologyKey: 'kubernetes.io/hostname', value: 'w1' };
const OURS = { 'perihelion.dev/action': 'w1' };
const LIST = `/spec/affinity/nodeAffinity/${PREFERRED}`;
const USERS = {
  weight: 7,
  preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
};
const POD = rawPod(
  {
    affinity: {
      podAntiAffinity: { x: [1] },
      nodeAffinity: { required: { y: 1 }, [PREFERRED]: [USERS] },
    },
  },
  { annotations: { mine: 'kept' } },
);

function good(pod: JsonObject = POD): { merge: Merge; operations: PatchOperation[] } {
  const merge = planMerge({ pod, target: TARGET, former: undefined, annotations: OURS });
  return { merge, operations: operationsOf(pod, merge) };
}

function check(
  overrides: {
    pod?: JsonObject;
    bodyBytes?: number;
    merge?: Merge;
    operations?: PatchOperation[];
  } = {},
): void {
  checkPatch({ pod: POD, bodyBytes: 5000, ...good(overrides.pod ?? POD), ...overrides });
}

function refuses(message: RegExp, overrides: Parameters<typeof check>[0]): void {
  assert.throws(
    () => check(overrides),
    (error) =>
      error instanceof PerihelionError &&
      error.code === 'PERI_PATCH_UNSAFE' &&
      message.test(error.message),
  );
}

describe('checkPatch', () => {
  it('passes what the merge and the writer make', () => {
    check();
    check({ pod: rawPod() });
    check({ pod: rawPod({ affinity: null }, { annotations: null }) });
  });

  const foreignPaths = [
    '/spec/containers/0/image',
    '/spec',
    '',
    '/metadata/labels/x',
    '/metadata/annotations/mine',
    '/metadata/annotations/perihelion.dev~1Action',
    '/metadata/annotations/perihelion.dev~1a/b',
    '/spec/affinity/podAntiAffinity',
    '/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution',
    `${LIST}/0/weight`,
  ];
  for (const path of foreignPaths) {
    it(`refuses the path ${path === '' ? '(root)' : path}`, () => {
      refuses(/is not ours/, { operations: [{ op: 'add', path, value: {} }] });
    });
  }

  it('refuses a patch that does not apply', () => {
    refuses(/does not apply/, { pod: rawPod(), operations: [{ op: 'remove', path: `${LIST}/0` }] });
    const { operations } = good();
    refuses(/does not apply/, { pod: rawPod(), operations });
  });

  it('refuses the removal of a term of the user', () => {
    const { operations } = good();
    refuses(/preferred terms differ/, {
      operations: [{ op: 'remove', path: `${LIST}/0` }, ...operations],
    });
  });

  it('refuses a term in another place', () => {
    const { merge, operations } = good();
    const moved = operations.map((one): PatchOperation =>
      one.path === `${LIST}/-` ? { op: 'add', path: `${LIST}/0`, value: merge.term } : one,
    );
    refuses(/preferred terms differ/, { operations: moved });
  });

  it('refuses an affinity that drops anti-affinity', () => {
    const value = { nodeAffinity: { required: { y: 1 }, [PREFERRED]: [USERS] } };
    refuses(/pod affinity or anti-affinity differs/, {
      operations: [...good().operations, { op: 'add', path: '/spec/affinity', value }],
    });
  });

  it('refuses a node affinity that drops the required part', () => {
    const value = { [PREFERRED]: [USERS, good().merge.term] };
    refuses(/required node affinity differs/, {
      operations: [...good().operations, { op: 'add', path: '/spec/affinity/nodeAffinity', value }],
    });
  });

  it('refuses annotations that replace the map of the user', () => {
    const replace: PatchOperation = { op: 'add', path: '/metadata/annotations', value: OURS };
    refuses(/annotations differ/, { operations: [...good().operations, replace] });
  });

  it('refuses a missing annotation', () => {
    const { operations } = good();
    refuses(/annotations differ/, {
      operations: operations.filter((one) => !one.path.startsWith('/metadata')),
    });
  });

  const terms: [string, string, string, number, RegExp][] = [
    ['weight 0', 'zone', 'a', 0, /weight/],
    ['weight 101', 'zone', 'a', 101, /weight/],
    ['weight 1.5', 'zone', 'a', 1.5, /weight/],
    ['an empty key', '', 'a', 1, /label key/],
    ['a key with a space', 'a b', 'a', 1, /label key/],
    ['a long name', 'x'.repeat(64), 'a', 1, /label key/],
    ['a long prefix', `${'x'.repeat(254)}/a`, 'a', 1, /label key/],
    ['an empty value', 'zone', '', 1, /label value/],
    ['a value of 64 characters', 'zone', 'x'.repeat(64), 1, /label value/],
    ['a value that is no label', 'zone', '(default)', 1, /label value/],
  ];
  for (const [name, topologyKey, value, weight, message] of terms) {
    it(`refuses a term with ${name}`, () => {
      const term = preferredTerm({ topologyKey, value }, weight);
      const merge = { removeAt: undefined, term, annotations: OURS };
      const pod = rawPod();
      refuses(message, { pod, merge, operations: operationsOf(pod, merge) });
    });
  }

  it('refuses objects near the limit of the API server', () => {
    refuses(/larger/, { bodyBytes: OBJECT_LIMIT_BYTES - 10 });
    check({ bodyBytes: OBJECT_LIMIT_BYTES - 10_000 });
  });

  it('refuses annotations near their limit', () => {
    const full = (bytes: number): JsonObject =>
      rawPod({}, { annotations: { a: 'x'.repeat(bytes) } });
    const ours = 'perihelion.dev/action'.length + 'w1'.length + 'a'.length;
    check({ pod: full(ANNOTATIONS_LIMIT_BYTES - ours) });
    refuses(/too large/, { pod: full(ANNOTATIONS_LIMIT_BYTES - ours + 1) });
  });

  it('keeps annotations with awkward keys', () => {
    const metadata = JSON.parse(
      '{"name":"p","annotations":{"__proto__":"x","a~b/c":"y","constructor":"z"}}',
    ) as JsonObject;
    check({ pod: rawPod({}, metadata) });
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import type { JsonObject } from '#admission/review/json.ts';
import { preferredTerm, PREFERRED } from '#admission/patch/merge.ts';
import { operationsOf, pointerToken } from '#admission/patch/patch.ts';
import { PerihelionError } from '#errors';
import { rawPod } from '../world.ts';

const TERM = preferredTerm({ topologyKey: 'kubernetes.io/hostname', value: 'w1' }, 100);
const LIST = `/spec/affinity/nodeAffinity/${PREFERRED}`;

function termOnly(pod: JsonObject) {
  return operationsOf(pod, { removeAt: undefined, term: TERM, annotations: {} });
}

describe('operationsOf: the term', () => {
  const whole = { nodeAffinity: { [PREFERRED]: [TERM] } };
  const cases: [string, JsonObject, unknown][] = [
    ['no affinity', {}, { op: 'add', path: '/spec/affinity', value: whole }],
    ['null affinity', { affinity: null }, { op: 'add', path: '/spec/affinity', value: whole }],
    [
      'an empty affinity',
      { affinity: {} },
      { op: 'add', path: '/spec/affinity/nodeAffinity', value: { [PREFERRED]: [TERM] } },
    ],
    [
      'pod anti-affinity only',
      { affinity: { podAntiAffinity: { x: 1 } } },
      { op: 'add', path: '/spec/affinity/nodeAffinity', value: { [PREFERRED]: [TERM] } },
    ],
    [
      'null node affinity',
      { affinity: { nodeAffinity: null } },
      { op: 'add', path: '/spec/affinity/nodeAffinity', value: { [PREFERRED]: [TERM] } },
    ],
    [
      'required node affinity only',
      { affinity: { nodeAffinity: { required: 1 } } },
      { op: 'add', path: LIST, value: [TERM] },
    ],
    [
      'a null list',
      { affinity: { nodeAffinity: { [PREFERRED]: null } } },
      { op: 'add', path: LIST, value: [TERM] },
    ],
    [
      'an empty list',
      { affinity: { nodeAffinity: { [PREFERRED]: [] } } },
      { op: 'add', path: `${LIST}/-`, value: TERM },
    ],
    [
      'terms of the user',
      { affinity: { nodeAffinity: { [PREFERRED]: [{ weight: 1 }] } } },
      { op: 'add', path: `${LIST}/-`, value: TERM },
    ],
  ];
  for (const [name, spec, operation] of cases) {
    it(name, () => assert.deepEqual(termOnly(rawPod(spec)), [operation]));
  }

  const unsafe: [string, JsonObject][] = [
    ['affinity of text', { affinity: 'x' }],
    ['affinity of a list', { affinity: [] }],
    ['node affinity of a number', { affinity: { nodeAffinity: 1 } }],
    ['a list that is an object', { affinity: { nodeAffinity: { [PREFERRED]: {} } } }],
  ];
  for (const [name, spec] of unsafe) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => termOnly(rawPod(spec)),
        (error) => error instanceof PerihelionError && error.code === 'PERI_PATCH_UNSAFE',
      );
    });
  }

  it('refuses a Pod without a spec', () => {
    assert.throws(() => termOnly({ metadata: {} }), PerihelionError);
  });

  it('removes before it appends, so that the index holds', () => {
    const pod = rawPod({ affinity: { nodeAffinity: { [PREFERRED]: [TERM, { weight: 1 }] } } });
    assert.deepEqual(operationsOf(pod, { removeAt: 0, term: TERM, annotations: {} }), [
      { op: 'remove', path: `${LIST}/0` },
      { op: 'add', path: `${LIST}/-`, value: TERM },
    ]);
  });
});

describe('operationsOf: annotations', () => {
  const annotations = { 'perihelion.dev/action': 'w1', 'perihelion.dev/state': 'all' };
  const plan = { removeAt: undefined, term: undefined, annotations };

  for (const [name, metadata] of [
    ['missing', {}],
    ['null', { annotations: null }],
  ] as const) {
    it(`adds the map where it is ${name}`, () => {
      assert.deepEqual(operationsOf(rawPod({}, metadata), plan), [
        { op: 'add', path: '/metadata/annotations', value: annotations },
      ]);
    });
  }

  it('adds one by one to a map that is there, with the slash escaped', () => {
    assert.deepEqual(operationsOf(rawPod({}, { annotations: { a: 'b' } }), plan), [
      { op: 'add', path: '/metadata/annotations/perihelion.dev~1action', value: 'w1' },
      { op: 'add', path: '/metadata/annotations/perihelion.dev~1state', value: 'all' },
    ]);
  });

  it('refuses annotations that are no map', () => {
    assert.throws(() => operationsOf(rawPod({}, { annotations: [] }), plan), PerihelionError);
    assert.throws(() => operationsOf({ spec: {} }, plan), PerihelionError);
  });

  it('says nothing where there is nothing to do', () => {
    const nothing = { removeAt: undefined, term: undefined, annotations: {} };
    assert.deepEqual(operationsOf(rawPod(), nothing), []);
  });
});

describe('pointerToken', () => {
  it('escapes so that the pointer names exactly this key', () => {
    assert.equal(pointerToken('a/b~c'), 'a~1b~0c');
    assert.equal(pointerToken('~1'), '~01');
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }).filter((key) => key !== '__proto__'),
        (key) => {
          const operation = { op: 'add', path: `/${pointerToken(key)}`, value: 1 } as const;
          const { newDocument } = jsonpatch.applyPatch<Record<string, unknown>>(
            {},
            [operation],
            true,
          );
          assert.deepEqual(Object.keys(newDocument), [key]);
        },
      ),
    );
  });
});

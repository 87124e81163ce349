// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import jsonpatch from 'fast-json-patch';
import fc from 'fast-check';
import { checkPatch } from '#admission/patch/check.ts';
import { isObject, type JsonObject } from '#admission/review/json.ts';
import {
  hasOwnTerm,
  planMerge,
  preferredTerm,
  preferredTermsOf,
  PREFERRED,
  weightBeside,
} from '#admission/patch/merge.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import { requirementHolds } from '#cluster/objects/selector-match.ts';
import { rawPod } from '../world.ts';

const TARGET = { topologyKey: 'kubernetes.io/hostname', value: 'w1' };
const OTHER = { topologyKey: 'kubernetes.io/hostname', value: 'w2' };
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

function withTerms(terms: unknown): JsonObject {
  return rawPod({ affinity: { nodeAffinity: { [PREFERRED]: terms } } });
}

describe('weightBeside', () => {
  const cases: [unknown[], number][] = [
    [[], 100],
    [[{ weight: 100 }], 100],
    [[{ weight: 1 }, { weight: 50 }], 1],
    [[{ weight: 30 }, { weight: 20 }, { weight: 90 }], 20],
    [[{ weight: 0 }], 100],
    [[{ weight: -5 }], 100],
    [[{ weight: 1.5 }, { weight: '3' }, null, 'x'], 100],
    [[{ weight: 1000 }], 100],
  ];
  for (const [terms, weight] of cases) {
    it(`${JSON.stringify(terms)}: ${String(weight)}`, () => {
      assert.equal(weightBeside(terms), weight);
    });
  }
});

describe('planMerge', () => {
  const annotations = { 'perihelion.dev/decision-id': 'x' };

  it('appends one term', () => {
    const merge = planMerge({ pod: rawPod(), target: TARGET, former: undefined, annotations });
    assert.deepEqual(merge, {
      removeAt: undefined,
      term: {
        weight: 100,
        preference: {
          matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['w1'] }],
        },
      },
      annotations,
    });
  });

  it('appends none for the default action', () => {
    const merge = planMerge({ pod: rawPod(), target: undefined, former: undefined, annotations });
    assert.equal(merge.term, undefined);
    assert.equal(merge.removeAt, undefined);
  });

  it('removes the last own old term and weighs by what is left', () => {
    const mine = preferredTerm(TARGET, 5);
    const users = { weight: 40, preference: {} };
    const pod = withTerms([mine, users, mine]);
    const merge = planMerge({ pod, target: OTHER, former: TARGET, annotations });
    assert.equal(merge.removeAt, 2);
    // The first copy stays: it may be the user's own wish, and its weight counts as one.
    assert.equal(merge.term?.weight, 5);
  });

  const kept: [string, unknown][] = [
    ['another value', preferredTerm(OTHER, 5)],
    ['another key', preferredTerm({ ...TARGET, topologyKey: 'zone' }, 5)],
    [
      'two values',
      {
        weight: 5,
        preference: {
          matchExpressions: [{ key: TARGET.topologyKey, operator: 'In', values: ['w1', 'w2'] }],
        },
      },
    ],
    [
      'another operator',
      {
        weight: 5,
        preference: {
          matchExpressions: [{ key: TARGET.topologyKey, operator: 'NotIn', values: ['w1'] }],
        },
      },
    ],
    [
      'a second expression',
      {
        weight: 5,
        preference: {
          matchExpressions: [
            { key: TARGET.topologyKey, operator: 'In', values: ['w1'] },
            { key: 'disk', operator: 'Exists' },
          ],
        },
      },
    ],
    [
      'fields beside it',
      {
        ...preferredTerm(TARGET, 5),
        preference: { ...preferredTerm(TARGET, 5).preference, matchFields: [] },
      },
    ],
    ['an unknown field', { ...preferredTerm(TARGET, 5), future: true }],
    ['no object', 'x'],
  ];
  for (const [name, term] of kept) {
    it(`never takes a term with ${name} for ours`, () => {
      const pod = withTerms([term]);
      assert.equal(hasOwnTerm(pod, TARGET), false);
      const merge = planMerge({ pod, target: OTHER, former: TARGET, annotations });
      assert.equal(merge.removeAt, undefined);
    });
  }
});

/** What of a Pod a scheduler may not see changed. */
function foreign(pod: JsonObject): unknown {
  const copy = structuredClone(pod) as { spec?: JsonObject; metadata?: JsonObject };
  const spec = { ...copy.spec } as Record<string, unknown>;
  const affinity = isObject(spec['affinity']) ? { ...spec['affinity'] } : undefined;
  const nodeAffinity = isObject(affinity?.['nodeAffinity']) ? affinity['nodeAffinity'] : undefined;
  return {
    ...copy,
    metadata: { ...copy.metadata, annotations: undefined },
    spec: { ...spec, affinity: undefined },
    affinity: { ...affinity, nodeAffinity: undefined },
    required: nodeAffinity?.[REQUIRED],
  };
}

const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom('zone', 'kubernetes.io/hostname', 'constructor'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(fc.constantFrom('w1', 'w2', 'a'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: fc.constant('disk'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const nodeTerm = fc.record(
  { matchExpressions: fc.array(expression, { maxLength: 2 }), matchFields: fc.constant([]) },
  { requiredKeys: [] },
);
const preferred = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ weight: fc.integer({ min: 1, max: 100 }), preference: nodeTerm }),
  },
  { weight: 1, arbitrary: fc.constantFrom(preferredTerm(TARGET, 10), preferredTerm(OTHER, 20)) },
);
const nodeAffinity = fc.oneof(
  fc.constant(null),
  fc.record(
    {
      [REQUIRED]: fc.record({
        nodeSelectorTerms: fc.array(nodeTerm, { minLength: 1, maxLength: 3 }),
      }),
      [PREFERRED]: fc.oneof(fc.constant(null), fc.array(preferred, { maxLength: 4 })),
      future: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);
const affinity = fc.oneof(
  fc.constant(null),
  fc.record(
    { nodeAffinity, podAffinity: fc.jsonValue(), podAntiAffinity: fc.jsonValue() },
    { requiredKeys: [] },
  ),
);
const annotations = fc.oneof(
  fc.constant(null),
  fc.dictionary(
    fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('a/b', 'a~b', '~1', 'perihelion.dev/action', 'constructor'),
    ),
    fc.string({ maxLength: 12 }),
    { maxKeys: 5, noNullPrototype: true },
  ),
);
const pods = fc
  .record({
    metadata: fc.record({ name: fc.constant('p'), annotations }, { requiredKeys: [] }),
    spec: fc.record({ affinity, future: fc.jsonValue() }, { requiredKeys: [] }),
    status: fc.jsonValue(),
  })
  // Through JSON, as the API server would send it.
  .map((pod) => JSON.parse(JSON.stringify(pod)) as JsonObject);

const OURS = {
  'perihelion.dev/decision-id': 'd-1',
  'perihelion.dev/action': 'w1',
  'perihelion.dev/signature': 's',
};

function merged(
  pod: JsonObject,
  target: typeof TARGET | undefined,
  former: typeof TARGET | undefined,
): JsonObject {
  const merge = planMerge({ pod, target, former, annotations: OURS });
  const operations = operationsOf(pod, merge);
  checkPatch({ pod, bodyBytes: 1000, merge, operations });
  const ops = structuredClone(operations);
  return jsonpatch.applyPatch<JsonObject>(structuredClone(pod), ops, true).newDocument;
}

describe('merging, for any Pod', () => {
  const choice = fc.constantFrom(TARGET, OTHER, undefined);

  it('applies, and touches nothing but own paths', () => {
    fc.assert(
      fc.property(pods, choice, choice, (pod, target, former) => {
        const before = structuredClone(pod);
        const after = merged(pod, target, former);
        assert.deepEqual(pod, before, 'the input is left alone');
        assert.deepEqual(foreign(after), foreign(before));
      }),
      { numRuns: 400 },
    );
  });

  it('keeps the terms of the user in their order and adds at most one at the end', () => {
    fc.assert(
      fc.property(pods, choice, (pod, target) => {
        const before = preferredTermsOf(pod);
        const after = preferredTermsOf(merged(pod, target, undefined));
        assert.deepEqual(after.slice(0, before.length), before);
        assert.equal(after.length, before.length + (target === undefined ? 0 : 1));
      }),
    );
  });

  it('removes at most one term, and only one that is exactly ours', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const before = preferredTermsOf(pod);
        const after = preferredTermsOf(merged(pod, undefined, TARGET));
        const expected = before.findLastIndex((term) => {
          const { preference } = term as { preference: unknown };
          const [wanted] = [preferredTerm(TARGET, 1).preference];
          return JSON.stringify(preference) === JSON.stringify(wanted);
        });
        assert.deepEqual(
          after,
          before.filter((_, index) => index !== expected),
        );
      }),
    );
  });

  it('keeps the annotations of the user', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const of = (one: JsonObject): JsonObject => {
          const map = (one['metadata'] as JsonObject)['annotations'];
          return isObject(map) ? map : {};
        };
        assert.deepEqual({ ...of(merged(pod, TARGET, undefined)) }, { ...of(pod), ...OURS });
      }),
    );
  });

  it('comes to rest: replacing a decision by itself changes nothing more', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const once = merged(pod, TARGET, undefined);
        const twice = merged(once, TARGET, TARGET);
        assert.deepEqual(preferredTermsOf(twice), preferredTermsOf(once));
        assert.deepEqual(foreign(twice), foreign(once));
      }),
    );
  });

  it('never outweighs a wish of the user', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const users = preferredTermsOf(pod).map((term) => (term as { weight: number }).weight);
        const ours = preferredTermsOf(merged(pod, TARGET, undefined)).at(-1) as { weight: number };
        assert.equal(ours.weight, Math.min(100, ...users));
      }),
    );
  });

  it('never changes on which nodes a Pod may run', () => {
    const labels = fc.dictionary(
      fc.constantFrom('zone', 'kubernetes.io/hostname', 'disk'),
      fc.constantFrom('w1', 'w2', 'a'),
      { noNullPrototype: true },
    );
    const allowedOn = (pod: JsonObject, on: Record<string, string>): boolean => {
      const { required } = foreign(pod) as { required: JsonObject | undefined };
      if (required === undefined) return true;
      const terms = required['nodeSelectorTerms'] as { matchExpressions?: never[] }[];
      return terms.some(
        (term) =>
          (term.matchExpressions ?? []).length > 0 &&
          (term.matchExpressions ?? []).every((one: { key: string; operator: string }) =>
            requirementHolds(one, on[one.key]),
          ),
      );
    };
    fc.assert(
      fc.property(pods, labels, (pod, on) => {
        assert.equal(allowedOn(merged(pod, TARGET, OTHER), on), allowedOn(pod, on));
      }),
    );
  });
});

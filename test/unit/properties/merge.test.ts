// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import jsonpatch, { type Operation as LibraryOperation } from 'fast-json-patch';
import { checkPatch } from '#admission/patch/check.ts';
import type { JsonObject } from '#admission/review/json.ts';
import {
  planMerge,
  preferredTermsOf,
  PREFERRED,
  type Merge,
  type TargetLabel,
} from '#admission/patch/merge.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import { nodeTermsMatch } from '#admission/scheduler/selectors.ts';
import { projectNodeSelectorTerms } from '#cluster/objects/project-selector.ts';
import { PerihelionError } from '#errors';
import { HOSTNAME, nodes, noise, rawPods, REQUIRED } from './generators.ts';
import { applyAll, type Json, type JsonMap, type Operation } from './rfc6902.ts';
import { runs } from './runs.ts';

const ANNOTATIONS = { 'perihelion.dev/decision-id': 'd', 'perihelion.dev/tier': 'business' };
const OWN_PATH =
  /^\/(?:metadata\/annotations(?:\/perihelion\.dev~1[a-z-]+)?|spec\/affinity(?:\/nodeAffinity(?:\/preferredDuringSchedulingIgnoredDuringExecution(?:\/(?:-|\d+))?)?)?)$/;

interface Change {
  readonly merge: Merge;
  readonly operations: readonly PatchOperation[];
  readonly after: JsonMap;
}

/** The whole way of a patch; undefined where the product refuses to send one. */
function changed(
  pod: JsonMap,
  target: TargetLabel | undefined,
  former: TargetLabel | undefined,
): Change | undefined {
  try {
    const merge = planMerge({ pod, target, former, annotations: ANNOTATIONS });
    const operations = operationsOf(pod, merge);
    checkPatch({ pod, bodyBytes: 1000, merge, operations });
    const after = applyAll(pod, operations as readonly Operation[]) as JsonMap;
    return { merge, operations, after };
  } catch (error) {
    assert.ok(error instanceof PerihelionError, String(error));
    assert.equal(error.code, 'PERI_PATCH_UNSAFE');
    return undefined;
  }
}

const target = fc.option(
  fc.constantFrom('n0', 'n1', 'n2').map((value): TargetLabel => ({ topologyKey: HOSTNAME, value })),
  { nil: undefined },
);

function at(value: Json | undefined, ...path: string[]): Json | undefined {
  let here = value;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as JsonMap)[name];
  }
  return here;
}

/** The Pod with what is ours taken out again, and with what is missing, null and empty made one. */
function without(pod: JsonMap, removed: number): unknown {
  const copy = JSON.parse(JSON.stringify(pod)) as {
    metadata: { annotations?: Record<string, unknown> | null };
    spec: { affinity?: Record<string, unknown> | null };
  };
  const notes = copy.metadata.annotations;
  if (typeof notes === 'object' && notes !== null) {
    for (const key of Object.keys(ANNOTATIONS)) Reflect.deleteProperty(notes, key);
    if (Object.keys(notes).length === 0) copy.metadata.annotations = null;
  }
  copy.metadata.annotations ??= null;
  const rules = copy.spec.affinity as { nodeAffinity?: Record<string, unknown> | null } | null;
  if (typeof rules === 'object' && rules !== null && !Array.isArray(rules)) {
    const list = rules.nodeAffinity?.[PREFERRED];
    if (Array.isArray(list)) list.splice(removed, 1);
    if (Array.isArray(list) && list.length === 0 && rules.nodeAffinity !== undefined) {
      Reflect.deleteProperty(rules.nodeAffinity ?? {}, PREFERRED);
    }
    if (rules.nodeAffinity?.[PREFERRED] === null) {
      Reflect.deleteProperty(rules.nodeAffinity, PREFERRED);
    }
    if (Object.keys(rules.nodeAffinity ?? {}).length === 0) delete rules.nodeAffinity;
    if (Object.keys(rules).length === 0) copy.spec.affinity = null;
  }
  copy.spec.affinity ??= null;
  return copy;
}

describe('the merge of any Pod', () => {
  it('touches only its own paths, and only with add and remove', () => {
    fc.assert(
      fc.property(rawPods, target, target, (pod, wanted, former) => {
        for (const { op, path } of changed(pod, wanted, former)?.operations ?? []) {
          assert.match(path, OWN_PATH);
          assert.ok(['add', 'remove'].includes(op));
        }
      }),
      runs(),
    );
  });

  it('is, but for its own term and annotations, the Pod as it was', () => {
    fc.assert(
      fc.property(rawPods, target, (pod, wanted) => {
        const change = changed(pod, wanted, undefined);
        if (change === undefined) return;
        const terms = preferredTermsOf(change.after);
        const ours = wanted === undefined ? Infinity : terms.length - 1;
        assert.deepEqual(without(change.after, ours), without(pod, Infinity));
      }),
      runs(),
    );
  });

  it('keeps every term of the user in its place, and puts its own last', () => {
    const counts = { merged: 0, removed: 0, beside: 0 };
    fc.assert(
      fc.property(rawPods, target, target, (pod, wanted, former) => {
        const change = changed(pod, wanted, former);
        if (change === undefined) return;
        counts.merged += 1;
        if (change.merge.removeAt !== undefined) counts.removed += 1;
        if (preferredTermsOf(pod).length > 1) counts.beside += 1;
        const before = preferredTermsOf(pod).filter((_, index) => index !== change.merge.removeAt);
        const after = preferredTermsOf(change.after);
        assert.deepEqual(after.slice(0, before.length), before);
        assert.equal(after.length, before.length + (wanted === undefined ? 0 : 1));
      }),
      runs(),
    );
    const { merged, removed, beside } = counts;
    assert.ok(merged > 3000 && removed > 30 && beside > 100, JSON.stringify(counts));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(rawPods, target, (pod, wanted) => {
        const once = changed(pod, wanted, undefined);
        if (once === undefined) return;
        const twice = changed(once.after, wanted, wanted);
        assert.ok(twice !== undefined);
        assert.deepEqual(twice.after, once.after);
      }),
      runs(),
    );
  });

  it('lets the same nodes take the Pod: no required rule is widened, narrowed or removed', () => {
    fc.assert(
      fc.property(rawPods, target, target, nodes(3), (pod, wanted, former, cluster) => {
        const change = changed(pod, wanted, former);
        if (change === undefined) return;
        const path = ['spec', 'affinity', 'nodeAffinity', REQUIRED];
        const before = at(pod, ...path);
        const after = at(change.after, ...path);
        assert.deepEqual(after, before);
        const terms = (rule: Json | undefined) =>
          projectNodeSelectorTerms(at(rule, 'nodeSelectorTerms'));
        for (const one of cluster) {
          assert.equal(nodeTermsMatch(terms(after), one), nodeTermsMatch(terms(before), one));
        }
      }),
      runs(),
    );
  });
});

describe('the applier of the tests and fast-json-patch', () => {
  function byLibrary(pod: Json, operations: readonly unknown[]): unknown {
    const copy = JSON.parse(JSON.stringify(pod)) as unknown;
    const list = JSON.parse(JSON.stringify(operations)) as LibraryOperation[];
    return jsonpatch.applyPatch(copy, list, true).newDocument;
  }

  it('agree on every patch of ours', () => {
    fc.assert(
      fc.property(rawPods, target, target, (pod, wanted, former) => {
        const change = changed(pod, wanted, former);
        if (change === undefined) return;
        // As the API server gets it: through base64 of JSON.
        const plain = JSON.parse(JSON.stringify(pod)) as JsonObject;
        assert.deepEqual(
          JSON.parse(JSON.stringify(change.after)),
          byLibrary(plain as Json, change.operations),
        );
      }),
      runs(),
    );
  });

  const pointer = fc
    .array(fc.constantFrom('a', 'b', '0', '1', '-', 'x~1y', 'x~0y'), { minLength: 1, maxLength: 3 })
    .map((tokens) => `/${tokens.join('/')}`);
  const document = fc.record({
    a: fc.array(noise, { maxLength: 2 }),
    b: fc.record({ a: noise, 'x/y': noise, 'x~y': noise }, { requiredKeys: [] }),
  });

  it('agree on any document and any operation', () => {
    fc.assert(
      fc.property(
        document as fc.Arbitrary<unknown> as fc.Arbitrary<Json>,
        fc.constantFrom('add', 'remove', 'replace'),
        pointer,
        fc.constantFrom<Json>(1, null, [], { k: 'v' }),
        (before, op, path, value) => {
          const operation = op === 'remove' ? { op, path } : { op, path, value };
          const own = outcome(() => applyAll(before, [operation]));
          const library = outcome(() => byLibrary(before, [operation]));
          assert.deepEqual(own, library);
        },
      ),
      runs(),
    );
  });
});

function outcome(run: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(run()));
  } catch {
    return 'refused';
  }
}

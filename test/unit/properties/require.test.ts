// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkPatch } from '#admission/patch/check.ts';
import { planMerge, preferredTermsOf, type TargetLabel } from '#admission/patch/merge.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import { hasOwnRequirement, requiredTermsOf } from '#admission/patch/requirement.ts';
import { nodeTermsMatch } from '#admission/scheduler/selectors.ts';
import { projectNodeSelectorTerms } from '#cluster/objects/project-selector.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import { PerihelionError } from '#errors';
import { HOSTNAME, nodes, rawPods, REQUIRED } from './generators.ts';
import { applyAll, type JsonMap, type Operation } from './rfc6902.ts';
import { runs } from './runs.ts';

const ANNOTATIONS = { 'perihelion.dev/decision-id': 'd', 'perihelion.dev/required': 'true' };

interface Change {
  readonly operations: readonly PatchOperation[];
  readonly after: JsonMap;
}

/** The whole way of a patch that requires a target; undefined where none is sent. */
function required(
  pod: JsonMap,
  target: TargetLabel | undefined,
  former?: TargetLabel,
): Change | undefined {
  try {
    const merge = planMerge({
      pod,
      target,
      required: true,
      former,
      formerRequired: former !== undefined,
      annotations: ANNOTATIONS,
    });
    const operations = operationsOf(pod, merge);
    checkPatch({ pod, bodyBytes: 1000, merge, operations });
    return { operations, after: applyAll(pod, operations as readonly Operation[]) as JsonMap };
  } catch (error) {
    assert.ok(error instanceof PerihelionError, String(error));
    assert.equal(error.code, 'PERI_PATCH_UNSAFE');
    return undefined;
  }
}

const target = fc
  .constantFrom('n0', 'n1', 'n2')
  .map((value): TargetLabel => ({ topologyKey: HOSTNAME, value }));

/** Whether the required rule of a raw Pod lets a node take it, as the scheduler reads it. */
function admits(pod: JsonMap, node: SlimNode): boolean {
  const terms = requiredTermsOf(pod);
  return terms === undefined || nodeTermsMatch(projectNodeSelectorTerms(terms), node);
}

describe('a required target in any Pod', () => {
  it('admits exactly the nodes that the user admits and that are in the target', () => {
    const counts = { merged: 0, ruled: 0, admitted: 0 };
    fc.assert(
      fc.property(rawPods, target, nodes(3), (pod, wanted, cluster) => {
        const change = required(pod, wanted);
        if (change === undefined) return;
        counts.merged += 1;
        if ((requiredTermsOf(pod) ?? []).length > 1) counts.ruled += 1;
        for (const one of cluster) {
          const there = one.labels[HOSTNAME] === wanted.value;
          const expected = admits(pod, one) && there;
          if (expected) counts.admitted += 1;
          assert.equal(admits(change.after, one), expected);
        }
      }),
      runs(),
    );
    const { merged, ruled, admitted } = counts;
    assert.ok(merged > 3000 && ruled > 300 && admitted > 300, JSON.stringify(counts));
  });

  it('keeps every expression, field and term of the user, and adds to each but the empty ones', () => {
    fc.assert(
      fc.property(rawPods, target, (pod, wanted) => {
        const change = required(pod, wanted);
        if (change === undefined) return;
        const before = requiredTermsOf(pod);
        const after = requiredTermsOf(change.after) ?? [];
        assert.ok(hasOwnRequirement(change.after, wanted));
        if (before === undefined) {
          assert.equal(after.length, 1);
          return;
        }
        assert.equal(after.length, before.length);
        for (const [index, term] of before.entries()) {
          if (typeof term !== 'object' || term === null) {
            assert.deepEqual(after[index], term);
            continue;
          }
          const { matchExpressions: old, ...rest } = term as Record<string, unknown>;
          const { matchExpressions: now, ...others } = after[index] as Record<string, unknown>;
          assert.deepEqual(others, rest);
          const kept = Array.isArray(old) ? (old as unknown[]) : [];
          const has = Array.isArray(now) ? (now as unknown[]) : [];
          assert.deepEqual(has.slice(0, kept.length), kept);
          assert.ok(has.length <= kept.length + 1);
        }
        assert.deepEqual(
          preferredTermsOf(change.after as never),
          preferredTermsOf(pod as never),
          'preferences are not touched',
        );
      }),
      runs(),
    );
  });

  it('changes nothing the second time, and taken out again leaves the Pod as it was', () => {
    let undone = 0;
    fc.assert(
      fc.property(rawPods, target, (pod, wanted) => {
        const once = required(pod, wanted);
        if (once === undefined) return;
        const twice = required(once.after, wanted, wanted);
        assert.ok(twice !== undefined);
        assert.deepEqual(twice.after, once.after);
        const out = required(once.after, undefined, wanted);
        assert.ok(out !== undefined);
        undone += 1;
        assert.deepEqual(
          normal(requiredTermsOf(out.after as never)),
          normal(requiredTermsOf(pod as never)),
        );
      }),
      runs(),
    );
    assert.ok(undone > 3000, String(undone));
  });

  it('moves from one target to another without a trace of the first', () => {
    fc.assert(
      fc.property(rawPods, target, target, (pod, first, second) => {
        const once = required(pod, first);
        if (once === undefined) return;
        const direct = required(pod, second);
        const moved = required(once.after, second, first);
        assert.ok(direct !== undefined && moved !== undefined);
        assert.deepEqual(
          normal(requiredTermsOf(moved.after as never)),
          normal(requiredTermsOf(direct.after as never)),
        );
      }),
      runs(),
    );
  });
});

/** `matchExpressions` that is missing, null or empty is one and the same. */
function normal(terms: readonly unknown[] | undefined): unknown {
  return terms?.map((term) => {
    if (typeof term !== 'object' || term === null) return term;
    const { matchExpressions, ...rest } = term as Record<string, unknown>;
    const list = Array.isArray(matchExpressions) ? (matchExpressions as unknown[]) : [];
    return { ...rest, matchExpressions: list };
  });
}

// The name of the list is the API's, and the generators use the same.
assert.equal(REQUIRED, 'requiredDuringSchedulingIgnoredDuringExecution');

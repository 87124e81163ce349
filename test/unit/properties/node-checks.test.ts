// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nodeChecksFor } from '#admission/scheduler/node-checks.ts';
import { nodeTermsMatch } from '#admission/scheduler/selectors.ts';
import { incoming } from '../admission/world.ts';
import { labels, nodeNamed, nodeTerm, REQUIRED, toleration } from './generators.ts';
import { affinityAllows, selectorAllows, taintsAllow } from './oracle.ts';
import { runs } from './runs.ts';

const NOTHING = { claim: () => undefined, volume: () => undefined };
const NO_DOMAINS = { forbidden: new Map(), required: [] };

describe('the checks of a node against a plain reading of Kubernetes', () => {
  it('required node affinity', () => {
    let held = 0;
    fc.assert(
      fc.property(fc.array(nodeTerm, { maxLength: 3 }), nodeNamed('n0'), (terms, one) => {
        const expected = affinityAllows(terms, one);
        if (expected) held += 1;
        assert.equal(nodeTermsMatch(terms, one), expected);
      }),
      runs(),
    );
    assert.ok(held > 100, `only ${String(held)} rules held: the generator has gone dull`);
  });

  it('all rules of a Pod together, and the reason that is given', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.record({
          nodeSelector: fc.oneof(fc.constant({}), labels),
          tolerations: fc.array(toleration, { maxLength: 3 }),
          terms: fc.option(fc.array(nodeTerm, { maxLength: 3 }), { nil: undefined }),
        }),
        nodeNamed('n0'),
        nodeNamed('n1'),
        ({ nodeSelector, tolerations, terms }, first, second) => {
          const rule = { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: terms } } };
          const pod = incoming({
            nodeSelector,
            tolerations,
            ...(terms === undefined ? {} : { affinity: rule }),
          });
          const checks = nodeChecksFor(pod, NOTHING, NO_DOMAINS);
          for (const one of [first, second]) {
            const problems = {
              'not-ready': !one.ready,
              unschedulable: one.unschedulable,
              'not-tolerated': !taintsAllow(tolerations, one),
              'node-selector': !selectorAllows(nodeSelector, one),
              'node-affinity': terms !== undefined && !affinityAllows(terms, one),
            };
            const expected = Object.entries(problems).filter(([, applies]) => applies);
            const found = checks.flatMap((check) => check(one) ?? []);
            assert.deepEqual(
              found,
              expected.map(([name]) => name),
            );
            const key = found[0] ?? 'fits';
            seen.set(key, (seen.get(key) ?? 0) + 1);
          }
        },
      ),
      runs(),
    );
    assert.equal(seen.size, 6, `met only ${[...seen.keys()].join(', ')}`);
  });
});

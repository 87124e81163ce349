// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeSelectorTerm, SelectorRequirement } from '#cluster/objects/slim.ts';
import { nodeSelectorMatches, nodeTermsMatch } from '#admission/scheduler/selectors.ts';
import { node } from '../world.ts';

/** The table of a scheduler's node affinity evaluator. */
describe('nodeTermsMatch', () => {
  const zone = (operator: string, ...values: string[]): SelectorRequirement => ({
    key: 'zone',
    operator,
    values,
  });
  const name = (operator: string, ...values: string[]): SelectorRequirement => ({
    key: 'metadata.name',
    operator,
    values,
  });
  const cases: [string, NodeSelectorTerm[], boolean][] = [
    ['no terms', [], false],
    ['an empty term', [{}], false],
    ['a term of empty lists', [{ matchExpressions: [], matchFields: [] }], false],
    ['an empty term beside one that holds', [{}, { matchExpressions: [zone('In', 'a')] }], true],
    ['one expression', [{ matchExpressions: [zone('In', 'a')] }], true],
    ['expressions are ANDed', [{ matchExpressions: [zone('In', 'a'), zone('NotIn', 'a')] }], false],
    [
      'terms are ORed',
      [{ matchExpressions: [zone('In', 'b')] }, { matchExpressions: [zone('In', 'a')] }],
      true,
    ],
    ['a field', [{ matchFields: [name('In', 'w1')] }], true],
    ['a field of another node', [{ matchFields: [name('In', 'w2')] }], false],
    ['a field excluded', [{ matchFields: [name('NotIn', 'w1')] }], false],
    ['a field with two values', [{ matchFields: [name('In', 'w1', 'w2')] }], false],
    ['a field of an illegal operator', [{ matchFields: [name('Exists')] }], false],
    ['an unknown field', [{ matchFields: [{ ...name('In', 'w1'), key: 'spec.x' }] }], false],
    [
      'fields and expressions are ANDed',
      [{ matchExpressions: [zone('In', 'b')], matchFields: [name('In', 'w1')] }],
      false,
    ],
  ];
  for (const [title, terms, matches] of cases) {
    it(`${title}: ${String(matches)}`, () => {
      assert.equal(nodeTermsMatch(terms, node('w1', { labels: { zone: 'a' } })), matches);
    });
  }
});

describe('nodeSelectorMatches', () => {
  it('wants every label with its value', () => {
    const one = node('w1', { labels: { disk: 'ssd' } });
    assert.equal(nodeSelectorMatches({}, one), true);
    assert.equal(nodeSelectorMatches({ disk: 'ssd' }, one), true);
    assert.equal(nodeSelectorMatches({ disk: 'hdd' }, one), false);
    assert.equal(nodeSelectorMatches({ disk: 'ssd', gpu: 'yes' }, one), false);
    assert.equal(nodeSelectorMatches({ toString: 'x' }, one), false);
  });
});

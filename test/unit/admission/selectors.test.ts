// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LabelSelector, NodeSelectorTerm, SelectorRequirement } from '#cluster/slim.ts';
import {
  nodeSelectorMatches,
  nodeTermsMatch,
  requirementHolds,
  selectorMatches,
} from '#admission/selectors.ts';
import { node } from './world.ts';

describe('requirementHolds', () => {
  const cases: [string, string[] | undefined, string | undefined, boolean][] = [
    ['In', ['a', 'b'], 'b', true],
    ['In', ['a'], 'b', false],
    ['In', ['a'], undefined, false],
    ['In', [], 'a', false],
    ['In', undefined, 'a', false],
    ['In', [''], '', true],
    ['NotIn', ['a'], 'b', true],
    ['NotIn', ['a'], 'a', false],
    ['NotIn', ['a'], undefined, true],
    ['Exists', undefined, '', true],
    ['Exists', undefined, undefined, false],
    ['DoesNotExist', undefined, undefined, true],
    ['DoesNotExist', undefined, 'a', false],
    ['Gt', ['5'], '6', true],
    ['Gt', ['5'], '5', false],
    ['Gt', ['5'], undefined, false],
    ['Gt', ['5'], 'six', false],
    ['Gt', ['5'], '6.5', false],
    ['Gt', ['-5'], '-4', true],
    ['Gt', ['5', '6'], '9', false],
    ['Gt', ['9007199254740992'], '9007199254740993', true],
    ['Gt', ['5'], '9223372036854775807', true],
    ['Gt', ['5'], '9223372036854775808', false],
    ['Lt', ['5'], '-9223372036854775809', false],
    ['Gt', ['5'], `${'0'.repeat(40)}6`, true],
    ['Lt', ['5'], '4', true],
    ['Lt', ['5'], '+4', true],
    ['Lt', ['5'], '5', false],
    ['Lt', ['x'], '5', false],
    ['in', ['a'], 'a', false],
    ['', undefined, 'a', false],
  ];
  for (const [operator, values, value, holds] of cases) {
    it(`${operator} ${JSON.stringify(values)} on ${String(value)}: ${String(holds)}`, () => {
      assert.equal(requirementHolds({ key: 'k', operator, values }, value), holds);
    });
  }
});

describe('selectorMatches', () => {
  const cases: [string, LabelSelector | undefined, boolean][] = [
    ['no selector', undefined, false],
    ['an empty selector', {}, true],
    ['a label that is there', { matchLabels: { app: 'web' } }, true],
    ['a label of another value', { matchLabels: { app: 'db' } }, false],
    ['a label of one and one missing', { matchLabels: { app: 'web', x: 'y' } }, false],
    [
      'an inherited name',
      { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] },
      false,
    ],
    [
      'labels and expressions together',
      {
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }],
      },
      false,
    ],
  ];
  for (const [name, selector, matches] of cases) {
    it(`${name}: ${String(matches)}`, () => {
      assert.equal(selectorMatches(selector, { app: 'web' }), matches);
    });
  }
});

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

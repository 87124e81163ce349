// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantity } from '#simulator/kube/kube.ts';
import { matchesSelector, matchesTerm, parseLabelSelector } from '#simulator/kube/selectors.ts';

const LABELS = { app: 'shop', tier: 'data', size: '4' };

const CASES: [string, boolean][] = [
  ['', true],
  ['app=shop', true],
  ['app==shop', true],
  ['app!=shop', false],
  ['zone!=a', true],
  ['app in (shop, other),tier', true],
  ['app in (other)', false],
  ['app notin (other),!zone', true],
  ['zone', false],
  ['!app', false],
];

for (const [text, expected] of CASES) {
  test(`label selector "${text}" ${expected ? 'matches' : 'does not match'}`, () => {
    const selector = parseLabelSelector(text);
    assert.ok(selector);
    assert.equal(matchesSelector(LABELS, selector), expected);
  });
}

test('what is no selector is told apart from an empty one', () => {
  for (const text of ['a=b=c', 'a in b', '=x']) assert.equal(parseLabelSelector(text), undefined);
});

test('node terms AND their expressions and fields; an empty term matches nothing', () => {
  const expression = (operator: string, values: string[]) => ({ key: 'size', operator, values });
  assert.equal(matchesTerm(LABELS, 'n1', { matchExpressions: [expression('Gt', ['3'])] }), true);
  assert.equal(matchesTerm(LABELS, 'n1', { matchExpressions: [expression('Lt', ['3'])] }), false);
  const field = { key: 'metadata.name', operator: 'In', values: ['n1'] };
  const both = { matchExpressions: [expression('In', ['4'])], matchFields: [field] };
  assert.equal(matchesTerm(LABELS, 'n1', both), true);
  assert.equal(matchesTerm(LABELS, 'n2', both), false);
  assert.equal(matchesTerm(LABELS, 'n1', {}), false);
});

test('quantities', () => {
  assert.equal(quantity('100m'), 0.1);
  assert.equal(quantity('1.5'), 1.5);
  assert.equal(quantity('128Mi'), 128 * 2 ** 20);
  assert.equal(quantity('2e3'), 2000);
  assert.equal(quantity(4), 4);
  assert.ok(Number.isNaN(quantity('much')));
});

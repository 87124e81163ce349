// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { projectSelector } from '#cluster/objects/project-selector.ts';
import { requirementHolds, selectorMatches } from '#cluster/objects/selector-match.ts';
import type { LabelSelector } from '#cluster/objects/slim.ts';

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

describe('selectorMatches on a selector as the API writes it', () => {
  it('evaluates every operator as Kubernetes does', () => {
    const labels = { app: 'web', tier: 'front' };
    const one = (operator: string, key: string, values: string[] = []) =>
      selectorMatches(projectSelector({ matchExpressions: [{ key, operator, values }] }), labels);
    assert.ok(one('In', 'app', ['web', 'db']));
    assert.ok(!one('In', 'zone', ['a']));
    assert.ok(one('NotIn', 'zone', ['a']));
    assert.ok(!one('NotIn', 'app', ['web']));
    assert.ok(one('Exists', 'tier') && !one('Exists', 'zone'));
    assert.ok(one('DoesNotExist', 'zone') && !one('DoesNotExist', 'tier'));
    assert.ok(!one('Like', 'app', ['w']));
    assert.ok(!one('Exists', 'toString'));
    assert.ok(selectorMatches({}, labels), 'an empty selector matches everything');
    assert.ok(!selectorMatches(undefined, labels), 'none matches nothing');
  });
});

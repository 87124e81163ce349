// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExplorationBudget } from '#admission/remembered/budget.ts';
import { START } from '../world.ts';

describe('ExplorationBudget', () => {
  it('allows so many per namespace', () => {
    const budget = new ExplorationBudget();
    assert.equal(budget.allows('a', 2, START), true);
    budget.spend('a', START);
    budget.spend('a', START);
    assert.equal(budget.allows('a', 2, START), false);
    assert.equal(budget.allows('b', 2, START), true);
  });

  it('starts anew with the hour', () => {
    const budget = new ExplorationBudget();
    budget.spend('a', START);
    assert.equal(budget.allows('a', 1, START + 29 * 60_000), false);
    assert.equal(budget.allows('a', 1, START + 30 * 60_000), true);
  });

  it('allows nothing at a budget of 0', () => {
    assert.equal(new ExplorationBudget().allows('a', 0, START), false);
  });
});

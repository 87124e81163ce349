// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExplorationBudget } from '#admission/remembered/budget.ts';
import { START } from '../world.ts';

describe('ExplorationBudget', () => {
  it('allows so many per namespace', () => {
    const budget = new ExplorationBudget();
    assert.equal(budget.allows('a', 2, START), true);
    budget.spend('a', 'one', START);
    budget.spend('a', 'two', START);
    assert.equal(budget.allows('a', 2, START), false);
    assert.equal(budget.allows('b', 2, START), true);
  });

  it('starts anew with the hour', () => {
    const budget = new ExplorationBudget();
    budget.spend('a', 'one', START);
    assert.equal(budget.allows('a', 1, START + 29 * 60_000), false);
    assert.equal(budget.allows('a', 1, START + 30 * 60_000), true);
  });

  it('allows nothing at a budget of 0', () => {
    assert.equal(new ExplorationBudget().allows('a', 0, START), false);
  });

  it('counts what the watch shows once, its own decisions among it', () => {
    const budget = new ExplorationBudget();
    budget.spend('a', 'own', START);
    for (const id of ['own', 'other', 'other']) budget.seen('a', id, START, START + 1000);
    assert.equal(budget.allows('a', 3, START + 1000), true);
    assert.equal(budget.allows('a', 2, START + 1000), false);
    assert.equal(budget.hasCounted('a', 'other', START, START), true);
    assert.equal(budget.hasCounted('b', 'other', START, START), false);
  });

  it('takes nothing from another hour, nor a time that is none', () => {
    const budget = new ExplorationBudget();
    const hour = 3_600_000;
    for (const decidedAt of [START - hour, START + hour, Number.NaN]) {
      budget.seen('a', `at ${decidedAt}`, decidedAt, START);
    }
    assert.equal(budget.allows('a', 1, START), true);
  });

  it('remembers so many ids and no more: its own are counted all the same', () => {
    const budget = new ExplorationBudget();
    for (let n = 0; n < 20_010; n += 1) budget.spend('a', `own ${n}`, START);
    budget.seen('a', 'other', START, START);
    assert.equal(budget.allows('a', 20_011, START), true);
    assert.equal(budget.allows('a', 20_010, START), false);
  });
});

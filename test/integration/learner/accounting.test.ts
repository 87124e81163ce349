// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runWorld, type AccountingRun, type WorldRuns } from '../../../bench/accounting/run.ts';

/*
 * Equal servers that others load by 0, 40 and 80 %: what each accounting teaches the agent as
 * shipped, by the energy of all machines. Seeds of their own, fewer rollouts than the bench has.
 */

const SEEDS = [71, 72, 73];

void describe('nodes that differ in load', () => {
  let runs: WorldRuns;
  before(() => {
    const effort = { seeds: SEEDS, rollouts: 80, last: 30, weightings: ['shipped'] };
    runs = runWorld('three-loads', effort);
  });

  /** Energy by request against the same seed's default scheduler, seed by seed. */
  function toDefault(some: readonly AccountingRun[]): number[] {
    return some.map(({ joulesPerRequest, seed }) => {
      const own = runs.default.find((one) => one.seed === seed);
      return joulesPerRequest / (own?.joulesPerRequest ?? NaN) - 1;
    });
  }

  function agent(accounting: 'Attributed' | 'Amortised' | 'Marginal'): readonly AccountingRun[] {
    return runs.agents['shipped']?.[accounting] ?? [];
  }

  void test('the best placement is where the curve is flattest, and far below the default', () => {
    assert.equal(runs.oracle.exhaustive, true);
    assert.deepEqual([...new Set(Object.values(runs.oracle.assignment).flat())], ['server-2']);
    for (const ratio of toDefault(runs.best)) assert.ok(ratio < -0.03, String(ratio));
  });

  void test('Attributed wakes the idle machine and costs more than no agent', (context) => {
    const found = toDefault(agent('Attributed'));
    context.diagnostic(found.map((ratio) => ratio.toFixed(4)).join(' '));
    assert.equal(found.length, SEEDS.length);
    for (const ratio of found) assert.ok(ratio > 0.02, String(ratio));
    for (const { shares } of agent('Attributed')) assert.ok((shares['server-1'] ?? 0) > 0.8);
  });

  void test('Amortised leaves the idle machine asleep and fills the fullest', (context) => {
    const found = toDefault(agent('Amortised'));
    context.diagnostic(found.map((ratio) => ratio.toFixed(4)).join(' '));
    for (const ratio of found) assert.ok(ratio < 0.005, String(ratio));
    for (const { shares } of agent('Amortised')) {
      assert.ok((shares['server-1'] ?? 1) < 0.1);
    }
    const fullest = agent('Amortised').map(({ shares }) => shares['server-3'] ?? 0);
    assert.ok(Math.max(...fullest) > 0.5, fullest.join(' '));
  });

  void test('Marginal, with curves learned meanwhile, goes to the best machine', (context) => {
    const found = toDefault(agent('Marginal'));
    context.diagnostic(found.map((ratio) => ratio.toFixed(4)).join(' '));
    for (const [i, ratio] of found.entries()) {
      const best = toDefault(runs.best)[i] ?? NaN;
      assert.ok(ratio < 0.75 * best, `${ratio} of ${best}`);
    }
    for (const { shares } of agent('Marginal')) assert.ok((shares['server-2'] ?? 0) > 0.8);
  });
});

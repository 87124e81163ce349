// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Arena } from '../../../bench/learning/arena.ts';
import { accountingPage } from '../../../bench/accounting/page.ts';
import {
  ACCOUNTINGS,
  accountingGround,
  accountingPolicy,
  WEIGHTINGS,
  WORLDS,
} from '../../../bench/accounting/plan.ts';
import { cheapest, pricesOf, trulyCheapest } from '../../../bench/accounting/prices.ts';
import { verdictOf, type AccountingResults } from '../../../bench/accounting/results.ts';

function fileOf(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

const RESULTS = JSON.parse(fileOf('bench/results/accounting.json')) as AccountingResults;

describe('the worlds of the accountings', () => {
  it('have machines that are equal and differ in the load of others alone', () => {
    for (const name of WORLDS) {
      const { world, background } = accountingGround(name);
      for (const { name: node, systemCores, curve, cores, speed } of world.machines) {
        assert.ok(Math.abs(systemCores - (background[node] ?? 0) - 0.1) < 1e-9);
        assert.deepEqual(curve, world.machines[0]!.curve);
        assert.deepEqual([cores, speed], [64, 1]);
      }
      assert.ok(Object.keys(background).length < world.machines.length);
    }
  });

  it('differ in nothing but the accounting from one agent to the next', () => {
    const { world } = accountingGround('one-busy');
    const [shipped] = WEIGHTINGS;
    const policies = ACCOUNTINGS.map((one) => accountingPolicy(world.policy, one, shipped!));
    for (const [i, policy] of policies.entries()) {
      const reward = { ...policy.reward, accounting: 'Attributed' };
      assert.deepEqual({ ...policy, reward }, policies[0]);
      assert.equal(policy.reward.accounting, ACCOUNTINGS[i]);
    }
  });

  it('have a cheapest machine that only the slope of the curve finds in both', () => {
    const found = WORLDS.map((name) => {
      const ground = accountingGround(name);
      const prices = pricesOf(ground, new Arena(ground.world));
      for (const { charged, added, utilisation } of prices) {
        // What is charged at the margin is what is really added, but for the bends within a tenth.
        assert.ok(Math.abs(charged.Marginal / added - 1) < 0.1, `${charged.Marginal} ${added}`);
        assert.ok(utilisation < 0.95);
      }
      return [...ACCOUNTINGS.map((one) => cheapest(prices, one)), trulyCheapest(prices)];
    });
    assert.deepEqual(found, [
      ['server-1', 'server-2', 'server-2', 'server-2'],
      ['server-1', 'server-3', 'server-2', 'server-2'],
    ]);
  });
});

describe('the committed results of the accountings', () => {
  it('are what the page is written from', () => {
    assert.equal(fileOf('docs/explanation/accounting.md'), accountingPage(RESULTS));
  });

  it('say what the page says: one misleads, two save, and one of them comes near the best', () => {
    assert.ok(RESULTS.seeds.length >= 10 && RESULTS.seeds.every((seed) => seed >= 6001));
    assert.deepEqual(
      RESULTS.worlds.map(({ name }) => name),
      [...WORLDS],
    );
    for (const { agents, best } of RESULTS.worlds) {
      assert.deepEqual(
        Object.keys(agents),
        WEIGHTINGS.map(({ name }) => name),
      );
      for (const by of Object.values(agents)) {
        assert.equal(verdictOf(by.Attributed), 'misleads');
        assert.equal(verdictOf(by.Amortised), 'saves');
        assert.equal(verdictOf(by.Marginal), 'saves');
        const { high } = by.Marginal.joulesToDefault;
        assert.ok(high < 0.9 * best.joulesToDefault.mean, String(high));
      }
    }
  });
});

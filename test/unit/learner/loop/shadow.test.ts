// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { decodeModel, encodeShard } from '#cluster/model/codec.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Learner } from '#learner/loop/learner.ts';
import { savingsOf } from '#reward/savings.ts';
import { shadowSavings } from '#reward/shadow.ts';
import { policyWith, World } from '../world.ts';

const FRONTEND = 'Deployment/frontend';

async function rollOutAndSettle(world: World, learner: Learner): Promise<DecisionRecord[]> {
  world.rate = 100 * world.noise(0.3);
  await learner.tick();
  const decisions = world.rollOut(6);
  world.pass(75);
  await learner.tick();
  world.pass(60);
  return decisions;
}

function shardOf(world: World): ModelShard {
  const shard = world.store.shard('shop', 'default', FRONTEND);
  assert.ok(shard);
  return shard;
}

/** What the product stores of a shard, read back. */
function storedAgain(shard: ModelShard): ModelShard {
  const model = decodeModel(shard.namespace, JSON.parse(JSON.stringify(encodeShard(shard))));
  assert.ok(model.kind === 'shard');
  return model.shard;
}

void describe('mode Shadow from decision to estimate', () => {
  void test('nothing is asked, everything is settled, and the better target is found', async () => {
    const { spec } = policyWith();
    const reward = { ...spec.reward, accounting: 'Attributed' as const };
    const world = new World(7, policyWith({ mode: 'Shadow', reward }));
    const learner = world.learner();
    const last: DecisionRecord[] = [];
    for (let n = 0; n < 60; n += 1) {
      last.push(...(await rollOutAndSettle(world, learner)));
    }
    const shard = shardOf(world);
    assert.equal(shard.asked, 0);
    assert.equal(shard.savings, undefined, 'where nothing is injected nothing was saved');
    assert.ok(world.records.every(({ status }) => status === 'settled'));
    const remembered = storedAgain(shard).shadow?.decisions ?? [];
    // Prices of 1 and 0.7, half of the Pods each by default: 0.85 on average.
    const worth = ({ action }: DecisionRecord): number =>
      action === DEFAULT_ACTION ? 0 : 1 - (action === 'worker-2' ? 0.7 : 1) / 0.85;
    const judged = last.slice(-remembered.length);
    const truth = judged.reduce((sum, one) => sum + worth(one), 0) / judged.length;
    assert.ok(truth > 0.1, `${truth}: the agent wants the cheap target`);
    const found = shadowSavings(remembered);
    assert.ok(found.kind === 'estimated');
    for (const one of [found.energy.ips, found.energy.snips, found.energy.doublyRobust]) {
      assert.ok(one.low < truth && truth < one.high, `${truth} in ${JSON.stringify(one)}`);
    }
    assert.ok(found.energy.doublyRobust.low > 0, 'worth turning on');
    assert.ok(Math.abs(found.latency.doublyRobust.mean) < 0.1, 'both are equally quick');
  });

  void test('decisions keep their mode when the policy changes before they are settled', async () => {
    const world = new World(2, policyWith({ mode: 'Shadow' }));
    const learner = world.learner();
    for (let n = 0; n < 10; n += 1) await rollOutAndSettle(world, learner);
    await learner.tick();
    const decisions = world.rollOut(6);
    assert.ok(decisions.some(({ action }) => action !== DEFAULT_ACTION));
    world.policy = { ...policyWith({ mode: 'Prefer' }), generation: 2 };
    world.pass(75);
    await learner.tick();
    assert.equal(shardOf(world).asked, 0, 'they were not injected, whatever holds now');
    world.pass(60);
    await learner.tick();
    world.rollOut(6);
    world.policy = { ...policyWith({ mode: 'Shadow' }), generation: 3 };
    world.pass(75);
    await learner.tick();
    assert.ok(shardOf(world).asked > 0, 'these were');
  });
});

void test('savings against the holdout: the truth lies inside, and a saving is shown', async () => {
  const { spec } = policyWith();
  const reward = { ...spec.reward, accounting: 'Attributed' as const };
  const world = new World(3, policyWith({ holdoutPercent: 20, reward }));
  const learner = world.learner();
  for (let n = 0; n < 120; n += 1) await rollOutAndSettle(world, learner);
  const found = savingsOf(storedAgain(shardOf(world)).savings ?? assert.fail('none'));
  assert.ok(found.kind === 'estimated');
  // The default scheduler pays 0.85 joules per request; the agent can save up to 0.15 of it.
  assert.ok(Math.abs(found.baselineJoulesPerRequest - 0.85) < 0.05);
  assert.ok(found.savedJoulesPerRequest.low > 0, JSON.stringify(found.savedJoulesPerRequest));
  assert.ok(found.savedJoulesPerRequest.mean < 0.15);
  const p99 = found.p99DifferenceMilliseconds;
  assert.ok(p99 && p99.low < 0 && p99.high > 0, 'both targets are equally quick');
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredCircuit } from '#cluster/model/enforcement.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { Learner } from '#learner/loop/learner.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { T0 } from '../fixtures.ts';
import { World, policyWith } from '../world.ts';

const FRONTEND = 'Deployment/frontend';
const IDLE = 'Deployment/idle';

const OPEN: StoredCircuit = {
  state: 'open',
  reason: 'slo-breach',
  changedAt: T0 - 1000,
  retryAt: T0 + 86_400_000,
  coolingSeconds: 600,
  breaches: 0,
  unmeasured: 0,
  evidence: 1,
  trialsPassed: 0,
  trialAdvantage: 0,
};

function policyOf(mode: 'Enabled' | 'Disabled'): PlacementPolicy {
  const policy = policyWith();
  const { circuitBreaker } = policy.spec;
  return policyWith({ holdoutPercent: 0, circuitBreaker: { ...circuitBreaker, mode } });
}

/** Two workloads whose circuits are open, past their burn-in; one of them has no Pods. */
function tripped(): World {
  const world = new World(1, policyOf('Disabled'));
  for (const workload of [FRONTEND, IDLE]) {
    const shard = { ...emptyShard('shop', 'default', workload), version: 1, defaultSamples: 1000 };
    world.store.shards.set(`shop default ${workload}`, { ...shard, circuit: OPEN });
  }
  return world;
}

function learnerOf(world: World): Learner {
  const shards = () => world.store.shards.values();
  return world.learner({ forgetting: { shards, retentionSeconds: Infinity } });
}

const sentOf = (world: World): number =>
  world.rollOut(20).filter(({ action }) => action !== '(default)').length;

void describe('a circuit breaker that is disabled', () => {
  void test('forgets what it knew, also of workloads without Pods; enabled again it begins closed', async () => {
    const world = tripped();
    world.policy = policyOf('Enabled');
    const leader = learnerOf(world);
    await leader.tick();
    assert.equal(sentOf(world), 0, 'the circuit holds the workload back');
    assert.deepEqual(world.store.shard('shop', 'default', FRONTEND)?.circuit, OPEN);

    world.policy = policyOf('Disabled');
    await leader.tick();
    assert.equal(world.store.shard('shop', 'default', FRONTEND)?.circuit, undefined);
    assert.equal(world.store.shard('shop', 'default', IDLE)?.circuit, undefined);
    const written = world.store.log.length;
    await leader.tick();
    assert.equal(world.store.log.length, written, 'once');

    world.policy = policyOf('Enabled');
    await leader.tick();
    assert.ok(sentOf(world) > 0, 'nothing of the old circuit is in force');
  });

  void test('is not kept by a rollout that is settled meanwhile', async () => {
    const world = tripped();
    const leader = world.learner();
    await leader.tick();
    world.rollOut(6);
    world.store.shards.set(`shop default ${FRONTEND}`, {
      ...(world.store.shard('shop', 'default', FRONTEND) ?? assert.fail()),
      circuit: OPEN,
    });
    world.pass(100);
    await leader.tick();
    const shard = world.store.shard('shop', 'default', FRONTEND);
    assert.equal(shard?.settled.length, 6);
    assert.equal(shard.circuit, undefined);
    const settling = world.store.log.find((one) => one.settled.length === 6);
    assert.equal(settling?.circuit, undefined, 'in the write that settles');
  });

  void test('in a shard that cannot be written stays, and is tried again', async () => {
    const world = tripped();
    const leader = learnerOf(world);
    world.store.faultOf = () => 'refused';
    await leader.tick();
    assert.deepEqual(world.store.shard('shop', 'default', FRONTEND)?.circuit, OPEN);
    world.store.faultOf = () => undefined;
    await leader.tick();
    assert.equal(world.store.shard('shop', 'default', FRONTEND)?.circuit, undefined);
  });
});

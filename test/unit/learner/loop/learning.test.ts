// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { estimateOf } from '#agent/learning/estimate.ts';
import { hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { Learner } from '#learner/loop/learner.ts';
import { World } from '../world.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Rollouts after which the cheap target must be known, and those a change may take. */
const TO_LEARN = 30;
const TO_RELEARN = 40;

/** One rollout of four replicas under a new load, measured and settled. */
async function rollOutAndSettle(world: World, learner: Learner): Promise<DecisionRecord[]> {
  world.rate = 100 * world.noise(0.3);
  await learner.tick();
  const decisions = world.rollOut(4);
  world.pass(75);
  await learner.tick();
  world.pass(60);
  return decisions;
}

/** The greedy action of the frontend under normal load. */
function greedyOf(world: World): string {
  const shard = world.store.shard('shop', 'default', 'Deployment/frontend');
  const h = hyperparametersOf(world.policy.spec.learning);
  const row = shard?.cells['load=normal'] ?? {};
  const values = [DEFAULT_ACTION, ...world.nodes.keys()].map(
    (action) => [action, estimateOf(row[action], undefined, action, h).value] as const,
  );
  return values.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

void describe('a world with a cheap and a dear target', () => {
  for (const seed of SEEDS) {
    void test(`seed ${seed}: finds the cheap one, and the other after the prices swap`, async () => {
      const world = new World(seed);
      const learner = world.learner();
      for (let n = 0; n < TO_LEARN; n += 1) await rollOutAndSettle(world, learner);
      assert.equal(greedyOf(world), 'worker-2');
      world.joulesPerRequest = { 'worker-1': 0.7, 'worker-2': 1 };
      let rollouts = 0;
      while (greedyOf(world) !== 'worker-1' && rollouts <= TO_RELEARN) {
        await rollOutAndSettle(world, learner);
        rollouts += 1;
      }
      assert.ok(rollouts <= TO_RELEARN, `not relearned after ${TO_RELEARN} rollouts`);
      assert.ok(rollouts > 0, 'one rollout more or less is no change of the world');
    });
  }

  void test('most Pods go to the cheap target in the end, over all seeds', async () => {
    let cheap = 0;
    let all = 0;
    for (const seed of SEEDS) {
      const world = new World(seed);
      const learner = world.learner();
      for (let n = 0; n < TO_LEARN + 5; n += 1) {
        const decisions = await rollOutAndSettle(world, learner);
        if (n < TO_LEARN) continue;
        all += decisions.length;
        cheap += decisions.filter((one) => one.action === 'worker-2').length;
      }
    }
    assert.ok(cheap / all > 0.7, `${cheap} of ${all}`);
  });
});

void test('a target whose power is not measured is never best, however cheap it is', async () => {
  for (const seed of SEEDS) {
    const world = new World(seed);
    world.dark.add('worker-2');
    const learner = world.learner();
    let sent = 0;
    for (let n = 0; n < 20; n += 1) {
      const decisions = await rollOutAndSettle(world, learner);
      sent += decisions.filter((one) => one.action === 'worker-2').length;
    }
    assert.equal(sent, 0, 'nothing is sent where nothing is measured');
    const shard = world.store.shard('shop', 'default', 'Deployment/frontend');
    for (const row of Object.values(shard?.cells ?? {})) assert.equal(row['worker-2'], undefined);
    assert.ok(world.records.some((one) => one.landed === 'worker-2' && one.reason === 'absent'));
    assert.ok(world.records.some((one) => one.reason === 'measured'));
  }
});

void test('telemetry that goes dark later censors, and the last values stay as they were', async () => {
  const world = new World(4);
  const learner = world.learner();
  for (let n = 0; n < 20; n += 1) await rollOutAndSettle(world, learner);
  const valuesOf = () =>
    Object.values(world.store.shard('shop', 'default', 'Deployment/frontend')?.cells ?? {}).map(
      (row) => row['worker-2'],
    );
  const before = structuredClone(valuesOf());
  assert.ok(before.some((cell) => cell !== undefined));
  world.dark.add('worker-2');
  for (let n = 0; n < 5; n += 1) await rollOutAndSettle(world, learner);
  assert.deepEqual(valuesOf(), before);
});

void test('adherence of one half is estimated without a tilt', async () => {
  let followed = 0;
  let asked = 0;
  for (const seed of SEEDS) {
    const world = new World(seed);
    world.followed = 0.5;
    const learner = world.learner();
    // Half of the Pods cannot be measured: where a Pod landed is known all the same.
    world.dark.add('worker-1');
    for (let n = 0; n < 40; n += 1) await rollOutAndSettle(world, learner);
    const shard = world.store.shard('shop', 'default', 'Deployment/frontend');
    followed += shard?.followed ?? 0;
    asked += shard?.asked ?? 0;
  }
  const ratio = followed / asked;
  // Four standard errors of a share of one half.
  const tolerance = 4 * Math.sqrt(0.25 / asked);
  assert.ok(asked > 500, `${asked}`);
  assert.ok(Math.abs(ratio - 0.5) < tolerance, `${ratio} of ${asked}`);
});

void test('a window with a second rollout teaches nothing, whatever it would have said', async () => {
  const world = new World(1);
  const learner = world.learner();
  for (let n = 0; n < 10; n += 1) await rollOutAndSettle(world, learner);
  const before = world.store.shard('shop', 'default', 'Deployment/frontend');
  const first = world.rollOut(4);
  world.pass(30);
  const asked = world.questions;
  // A second rollout that keeps the old Pods for a while, as a surge does.
  for (let n = 0; n < 4; n += 1) world.create();
  world.pass(20);
  const report = await learner.tick();
  assert.deepEqual(report.censored, { 'rolled-again': 4 });
  assert.equal(world.questions - asked, 3, 'only the observation asks');
  const after = world.store.shard('shop', 'default', 'Deployment/frontend');
  assert.deepEqual(after?.cells, before?.cells);
  assert.deepEqual(after?.baselines, before?.baselines);
  assert.deepEqual(
    first.filter((one) => !after?.settled.includes(one.id)),
    [],
  );
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { Learner } from '#learner/loop/learner.ts';
import { policyWith, World } from '../world.ts';

const SEEDS = [1, 2, 3, 4];
const GOOD = 250;
const BAD = 40;
const FRONTEND = 'Deployment/frontend';

/** A workload with an objective of 60 ms, and an agent that is slow to change its mind. */
function policyOf(mode: 'Enabled' | 'Disabled'): ReturnType<typeof policyWith> {
  const { spec } = policyWith();
  const over: Partial<PolicySpec> = {
    reward: { ...spec.reward, sloP99Milliseconds: 60 },
    learning: { ...spec.learning, stepFloorThousandths: 1, applicationShareThousandths: 0 },
    circuitBreaker: { ...spec.circuitBreaker, mode },
  };
  return policyWith(over);
}

/** A rollout of four replicas; how many missed the objective, of all and of those sent. */
async function rollOut(world: World, learner: Learner): Promise<{ all: number; sent: number }> {
  await learner.tick();
  const decisions = world.rollOut(4);
  const ids = new Set(decisions.map(({ id }) => id));
  const sent = new Set(
    decisions.filter(({ action }) => action !== DEFAULT_ACTION).map(({ id }) => id),
  );
  world.pass(75);
  await learner.tick();
  world.pass(60);
  const missed = world.records.filter((one) => {
    const p99 = one.readings['p99Milliseconds'];
    return ids.has(one.decisionId) && p99?.kind === 'measured' && p99.value > 60;
  });
  return { all: missed.length, sent: missed.filter((one) => sent.has(one.decisionId)).length };
}

/** Good rollouts, then from now on Pods that are crowded together slow each other down. */
async function turnsBad(seed: number, mode: 'Enabled' | 'Disabled') {
  const world = new World(seed, policyOf(mode));
  world.spreads = true;
  world.followed = 1;
  const learner = world.learner();
  let before = 0;
  for (let n = 0; n < GOOD; n += 1) before += (await rollOut(world, learner)).all;
  world.crowd = 3;
  let all = 0;
  let sent = 0;
  for (let n = 0; n < BAD; n += 1) {
    const missed = await rollOut(world, learner);
    all += missed.all;
    sent += missed.sent;
  }
  return { world, learner, before, all, sent };
}

void describe('a world that turns bad for crowded Pods', () => {
  void test('the breaker bounds missed objectives, and they are many without it', async () => {
    let withBreaker = 0;
    let without = 0;
    for (const seed of SEEDS) {
      const on = await turnsBad(seed, 'Enabled');
      const off = await turnsBad(seed, 'Disabled');
      assert.equal(on.before, 0);
      // 40 rollouts of 135 s: a first trip with at most one rollout on its way, then trials after
      // 600, 1200, 2400 ... seconds: at most four rounds in 5400 s, of three Pods each.
      assert.ok(on.sent <= 4 + 4 + 4 * 3, `seed ${seed}: ${on.sent}`);
      withBreaker += on.all;
      without += off.all;
    }
    assert.ok(withBreaker < without / 3, `${withBreaker} with, ${without} without`);
  });

  void test('it comes back by itself when the world is good again', async () => {
    const { world, learner } = await turnsBad(3, 'Enabled');
    world.crowd = Infinity;
    const circuitOf = () => world.store.shard('shop', 'default', FRONTEND)?.circuit;
    let rollouts = 0;
    while (circuitOf()?.state !== 'closed' && rollouts < 100) {
      await rollOut(world, learner);
      rollouts += 1;
    }
    assert.equal(circuitOf()?.state, 'closed', `still open after ${rollouts} rollouts`);
  });
});

/** Joules per request: one machine is cheap, and the default scheduler uses all alike. */
const PRICES = { 'worker-1': 1, 'worker-2': 0.7, 'worker-3': 1, 'worker-4': 1 };

/** Pods that the agent sends in each of some rollouts, once it has learned in a good world. */
async function sentAfter(
  mode: 'Enabled' | 'Disabled',
  seed: number,
  worse: (world: World) => Learner,
  rollouts: number,
): Promise<{ sent: number; bad: number; reason: string | undefined }> {
  const { spec } = policyWith();
  const world = new World(
    seed,
    policyWith({
      learning: { ...spec.learning, stepFloorThousandths: 1, applicationShareThousandths: 0 },
      circuitBreaker: { ...spec.circuitBreaker, mode },
    }),
    PRICES,
  );
  world.followed = 1;
  const learner = world.learner();
  for (let n = 0; n < GOOD; n += 1) await rollOut(world, learner);
  const turned = worse(world);
  let sent = 0;
  let bad = 0;
  for (let n = 0; n < rollouts; n += 1) {
    await turned.tick();
    const actions = world.rollOut(4).map(({ action }) => action);
    sent += actions.filter((action) => action !== DEFAULT_ACTION).length;
    bad += actions.filter((action) => action === 'worker-2').length;
    world.pass(75);
    await turned.tick();
    world.pass(60);
  }
  const reason = world.store.shard('shop', 'default', FRONTEND)?.circuit?.reason;
  return { sent, bad, reason };
}

void describe('a world in which what was cheap becomes dear', () => {
  void test('regret opens the circuit, and bounds the Pods that are sent to the wrong place', async () => {
    const dear = (world: World): Learner => {
      // Throttled: dear and slow. The default scheduler pays it for a quarter of its Pods only.
      world.joulesPerRequest = { ...PRICES, 'worker-2': 6 };
      world.slowness = { 'worker-2': 6 };
      return world.learner();
    };
    let on = 0;
    let off = 0;
    for (const seed of SEEDS) {
      const enabled = await sentAfter('Enabled', seed, dear, 60);
      assert.equal(enabled.reason, 'regret');
      on += enabled.bad;
      off += (await sentAfter('Disabled', seed, dear, 60)).bad;
    }
    assert.ok(on < 0.7 * off, `${on} with, ${off} without`);
  });
});

void describe('a workload whose telemetry goes dark', () => {
  void test('the breaker bounds the Pods that are sent blindly', async () => {
    const blind = (world: World): Learner =>
      world.learner({
        latency: {
          latency: (window) => Promise.resolve({ ...world.latency(window), pods: new Map() }),
        },
      });
    for (const seed of SEEDS) {
      const enabled = await sentAfter('Enabled', seed, blind, BAD);
      const disabled = await sentAfter('Disabled', seed, blind, BAD);
      assert.equal(enabled.reason, 'telemetry-lost');
      // Ten to see it and what is on its way, then four rounds of trials at most.
      assert.ok(enabled.sent <= 10 + 4 + 4 * 3, `seed ${seed}: ${enabled.sent}`);
      assert.ok(disabled.sent >= 3 * enabled.sent, `seed ${seed}: ${disabled.sent} without`);
    }
  });
});

void test('telemetry that goes dark opens the circuit of a workload', async () => {
  const { spec } = policyWith();
  const circuitBreaker = { ...spec.circuitBreaker, lostMeasurements: 6 };
  const world = new World(2, policyWith({ circuitBreaker }));
  const learner = world.learner();
  for (let n = 0; n < GOOD; n += 1) await rollOut(world, learner);
  // Its sidecar is gone: the targets are measured as before, this workload is not.
  const blind = world.learner({
    latency: {
      latency: (window) => Promise.resolve({ ...world.latency(window), pods: new Map() }),
    },
  });
  for (let n = 0; n < 5; n += 1) await rollOut(world, blind);
  const circuit = world.store.shard('shop', 'default', FRONTEND)?.circuit;
  assert.deepEqual([circuit?.state, circuit?.reason], ['open', 'telemetry-lost']);
  world.pass(30);
  await learner.tick();
  assert.ok(world.rollOut(8).every(({ action }) => action === DEFAULT_ACTION));
});

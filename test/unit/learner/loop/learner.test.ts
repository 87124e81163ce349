// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlacementEvent } from '#learner/tick/ports.ts';
import type { PowerWindow } from '#telemetry/reading/source.ts';
import { World, policyWith } from '../world.ts';

/** A world in which four Pods wait to be settled: their window has just closed. */
async function ready(seed = 1): Promise<World> {
  const world = new World(seed);
  await world.learner().tick();
  world.rollOut(4);
  world.pass(75);
  return world;
}

void describe('tick', () => {
  void test('settles what is due, says so once, and finds nothing the next time', async () => {
    const world = await ready();
    const learner = world.learner();
    const report = await learner.tick();
    assert.deepEqual([report.skipped, report.settled, report.backlog], [undefined, 4, 0]);
    assert.equal(world.records.length, 4);
    assert.equal((await learner.tick()).settled, 0);
    assert.equal(world.records.length, 4);
  });

  void test('asks three questions per window, however many Pods there are', async () => {
    for (const replicas of [1, 50]) {
      const world = new World(1);
      world.rollOut(replicas);
      world.pass(75);
      await world.learner().tick();
      // One window for the observation, one for the episode.
      assert.equal(world.questions, 6, `${replicas} replicas`);
    }
  });

  void test('does nothing without leadership or before the view is complete', async () => {
    const world = await ready();
    world.leader = false;
    const before = world.questions;
    assert.equal((await world.learner().tick()).skipped, 'not-leader');
    world.leader = true;
    const view = {
      synced: false,
      node: () => undefined,
      nodesByLabel: () => new Map(),
      pods: () => [],
    };
    assert.equal((await world.learner({ view }).tick()).skipped, 'not-synced');
    assert.equal(world.questions, before);
    assert.equal(world.store.log.length, 0);
  });

  void test('leadership lost while telemetry answers: nothing is written', async () => {
    const world = await ready();
    const power = {
      power: (window: { from: number; to: number }): Promise<PowerWindow> => {
        if (world.now === window.to) return Promise.resolve(world.power(window));
        world.leader = false;
        return Promise.resolve(world.power(window));
      },
    };
    await world.learner({ power }).tick();
    assert.deepEqual(world.store.log, []);
    assert.deepEqual(world.records, []);
    world.leader = true;
    assert.equal((await world.learner().tick()).settled, 4, 'the next leader finds them all');
  });

  void test('a later leader has written: this one stops for good', async () => {
    const world = await ready();
    const learner = world.learner();
    world.store.faultOf = () => 'fenced';
    assert.equal((await learner.tick()).conflicts, 1);
    world.store.faultOf = () => undefined;
    assert.equal((await learner.tick()).skipped, 'not-leader');
    assert.deepEqual(world.store.log, []);
  });

  void test('a conflict leaves the decisions open, and they are settled the next time', async () => {
    const world = await ready();
    const learner = world.learner();
    world.store.faultOf = (shard) => (shard.workload.startsWith('Tier/') ? undefined : 'conflict');
    const report = await learner.tick();
    assert.deepEqual([report.conflicts, report.settled, report.backlog], [1, 0, 4]);
    world.store.faultOf = () => undefined;
    assert.equal((await learner.tick()).settled, 4);
    assert.deepEqual(world.store.shard('shop', 'default', 'Tier/business')?.version, 1);
  });

  void test('silent telemetry is asked again, until it is too late', async () => {
    const world = await ready();
    const learner = world.learner({ giveUpSeconds: 600 });
    world.silent = true;
    const report = await learner.tick();
    assert.deepEqual([report.settled, report.backlog], [0, 4]);
    // The observation's window and the episode's.
    assert.equal(report.telemetryFailures, 2);
    assert.deepEqual(world.store.log, []);
    world.pass(600);
    const last = await learner.tick();
    assert.deepEqual(last.censored, { 'telemetry-unavailable': 4 });
    assert.equal(last.backlog, 0);
    world.silent = false;
    assert.equal((await learner.tick()).settled, 0, 'marked settled: not asked about again');
  });

  void test('telemetry that comes back in time is used', async () => {
    const world = await ready();
    const learner = world.learner();
    world.silent = true;
    await learner.tick();
    world.silent = false;
    world.pass(300);
    assert.equal((await learner.tick()).settled, 4);
  });

  void test('never two at once: a second call gets the report of the first', async () => {
    const world = await ready();
    const learner = world.learner();
    const [first, second] = await Promise.all([learner.tick(), learner.tick()]);
    assert.equal(first, second);
    assert.equal(world.questions, 9);
  });

  void test('a Pod that vanishes before it is measured is counted as gone', async () => {
    const world = await ready();
    world.now -= 30_000;
    const learner = world.learner();
    assert.equal((await learner.tick()).backlog, 4);
    const [first] = world.pods.keys();
    world.pods.delete(first ?? '');
    world.pass(60);
    const report = await learner.tick();
    assert.deepEqual([report.settled, report.censored], [3, { 'pod-gone': 1 }]);
    assert.equal(world.records.find((one) => one.reason === 'pod-gone')?.status, 'discarded');
  });

  void test('a forged Pod is counted once and teaches nothing', async () => {
    const world = await ready();
    const [first] = world.pods.values();
    assert.ok(first);
    const annotations = { ...first.annotations, 'perihelion.dev/action': 'worker-2' };
    world.pods.set('forged', { ...first, uid: 'forged', name: 'forged', annotations });
    const learner = world.learner();
    assert.deepEqual((await learner.tick()).rejected, { forged: 1 });
    assert.deepEqual((await learner.tick()).rejected, {});
    assert.equal(world.records.length, 4);
  });

  void test('decisions of a policy that is not in force are left alone', async () => {
    const world = await ready();
    const other = { ...policyWith(), name: 'other' };
    const report = await world.learner({ policies: { policyFor: () => other } }).tick();
    assert.deepEqual([report.orphaned, report.settled, report.backlog], [4, 0, 0]);
    assert.equal((await world.learner().tick()).settled, 4);
  });

  void test('more episodes than one tick takes are settled by the next ones', async () => {
    const world = new World(1);
    for (let n = 0; n < 3; n += 1) {
      world.rollOut(1, `Deployment/w${n}`);
      world.pass(30);
    }
    world.pass(75);
    const learner = world.learner({ episodesPerTick: 2 });
    assert.deepEqual([(await learner.tick()).settled, (await learner.tick()).settled], [2, 1]);
  });
});

void describe('observations', () => {
  void test('are published once, then when they say more or have aged', async () => {
    const world = new World(1);
    const learner = world.learner();
    assert.equal((await learner.tick()).observations, 1);
    world.pass(10);
    assert.equal((await learner.tick()).observations, 0);
    world.dark.add('worker-1');
    assert.equal((await learner.tick()).observations, 1);
    assert.equal(world.store.observation('shop', 'default')?.targets['worker-1']?.health, 'absent');
    world.pass(30);
    assert.equal((await learner.tick()).observations, 1);
  });

  void test('are written at the begin of a term however fresh: that is what fences the last', async () => {
    const world = new World(1);
    assert.equal((await world.learner().tick()).observations, 1);
    world.pass(1);
    const next = world.learner();
    assert.equal((await next.tick()).observations, 1);
    world.pass(1);
    assert.equal((await next.tick()).observations, 0);
  });

  void test('stand while telemetry is silent, until they are stale', async () => {
    const world = new World(1);
    const learner = world.learner();
    await learner.tick();
    world.silent = true;
    world.pass(60);
    await learner.tick();
    assert.equal(
      world.store.observation('shop', 'default')?.targets['worker-1']?.health,
      'healthy',
    );
    world.pass(1);
    await learner.tick();
    assert.equal(world.store.observation('shop', 'default')?.targets['worker-1']?.health, 'absent');
  });

  void test('a policy that is off is not observed', async () => {
    const world = new World(1, policyWith({ mode: 'Off' }));
    assert.equal((await world.learner().tick()).observations, 0);
    assert.equal(world.questions, 0);
  });
});

void test('one Event per owner and outcome, when the Pods are bound, and only once', async () => {
  const world = new World(1);
  world.followed = 1;
  world.store.shards.set('shop default Deployment/frontend', {
    namespace: 'shop',
    policy: 'default',
    workload: 'Deployment/frontend',
    version: 1,
    episodes: 100,
    cells: {
      'load=unknown': {
        'worker-2': { value: 1, weight: 100 },
        'worker-1': { value: 0, weight: 9 },
      },
    },
    baselines: {},
    load: { mean: 0, variance: 0, weight: 0 },
    defaultSamples: 9,
    settled: [],
    followed: 0,
    asked: 0,
  });
  const events: PlacementEvent[] = [];
  const learner = world.learner({ onEvent: (event) => events.push(event) });
  await learner.tick();
  const decisions = world.rollOut(4);
  await learner.tick();
  await learner.tick();
  const asked = decisions.filter((one) => one.action === 'worker-2').length;
  assert.ok(asked > 1);
  assert.deepEqual(
    events.map((event) => [event.reason, event.message, event.owner.kind]),
    [['PlacementFollowed', `${asked} Pods landed on worker-2 as preferred`, 'ReplicaSet']],
  );
});

void describe('run', () => {
  void test('ticks until it is stopped', async () => {
    const world = await ready();
    const stop = new AbortController();
    const learner = world.learner({
      onSettled: (record) => {
        world.records.push(record);
        if (world.records.length === 4) stop.abort();
      },
    });
    await learner.run(3600, stop.signal);
    assert.equal(world.records.length, 4);
  });

  void test('a cycle that throws is logged, and the next one goes on', async () => {
    const world = await ready();
    const stop = new AbortController();
    const errors: string[] = [];
    let calls = 0;
    const learner = world.learner({
      namespaces: () => {
        calls += 1;
        if (calls === 1) throw new Error('the view broke');
        stop.abort();
        return [];
      },
      logger: {
        info: () => undefined,
        warn: () => undefined,
        error: (_, message) => errors.push(message),
      },
    });
    await learner.run(0.001, stop.signal);
    assert.deepEqual(errors, ['a learning cycle failed']);
    assert.ok(calls >= 2);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelShard } from '#cluster/model/model.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { ForgottenRecord } from '#learner/forgetting/forget.ts';
import type { Learner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { signedPod } from '../fixtures.ts';
import { World } from '../world.ts';

const DAY = 86_400;
const JOB = 'Job/build-1';

/** A world whose leaders forget after 30 days. */
class ForgettingWorld extends World {
  readonly forgotten: ForgottenRecord[] = [];
  readonly warnings: object[] = [];
  patienceSeconds: number | undefined = 0;

  leaderOf(over: Partial<LearnerOptions> = {}): Learner {
    return this.learner({
      forgetting: {
        shards: () => this.store.shards.values(),
        retentionSeconds: 30 * DAY,
        patienceSeconds: this.patienceSeconds,
        onRecord: (record) => this.forgotten.push(record),
      },
      logger: {
        info: () => undefined,
        warn: (fields) => this.warnings.push(fields),
        error: () => undefined,
      },
      ...over,
    });
  }

  /** Lets Pods of a workload run until they are settled, and deletes them. */
  async runJob(learner: Learner, workload = JOB): Promise<void> {
    this.rollOut(2, workload);
    this.pass(75);
    await learner.tick();
    assert.equal(this.of(workload)?.settled.length, 2);
    this.rollOut(0, workload);
  }

  of(workload = JOB): ModelShard | undefined {
    return this.store.shard('shop', 'default', workload);
  }
}

describe('models of workloads without Pods', () => {
  it('are marked once, and deleted after the retention by whoever leads then', async () => {
    const world = new ForgettingWorld(1);
    const first = world.leaderOf();
    await world.runJob(first);
    const learned = world.of();
    assert.equal(learned?.unusedSince, undefined);
    await first.tick();
    const since = world.now;
    assert.deepEqual(world.of(), { ...learned, version: 2, unusedSince: since });
    world.pass(29 * DAY);
    await first.tick();
    assert.equal(world.of()?.version, 2, 'marked once');
    const second = world.leaderOf();
    await second.tick();
    world.pass(DAY + 1);
    await second.tick();
    assert.equal(world.of(), undefined);
    assert.deepEqual(world.forgotten, [
      {
        kind: 'forgotten',
        time: new Date(world.now).toISOString(),
        namespace: 'shop',
        workload: JOB,
        policy: 'default',
        unusedSince: new Date(since).toISOString(),
        modelVersion: 2,
      },
    ]);
    assert.ok(world.of('Tier/business'), 'the prior of its tier stays');
    assert.ok(world.store.observation('shop', 'default'));
    await second.tick();
    assert.equal(world.forgotten.length, 1);
  });

  it('are not marked by a rollout that deletes all Pods first, but an hour later', async () => {
    const world = new ForgettingWorld(12);
    world.patienceSeconds = undefined;
    const learner = world.leaderOf();
    await world.runJob(learner);
    await learner.tick();
    const since = world.now;
    world.pass(3599);
    await learner.tick();
    assert.equal(world.of()?.version, 1);
    world.rollOut(1, JOB);
    await learner.tick();
    world.rollOut(0, JOB);
    world.pass(3599);
    await learner.tick();
    const again = world.now;
    assert.equal(world.of()?.unusedSince, undefined, 'the hour begins anew');
    world.pass(3600);
    await learner.tick();
    assert.equal(world.of()?.unusedSince, again);
    assert.ok(again > since);
  });

  it('lose the mark when Pods are back, and the time begins anew', async () => {
    const world = new ForgettingWorld(2);
    const learner = world.leaderOf();
    await world.runJob(learner);
    await learner.tick();
    const cells = world.of()?.cells;
    world.pass(29 * DAY);
    world.rollOut(1, JOB);
    await learner.tick();
    assert.equal(world.of()?.unusedSince, undefined);
    assert.deepEqual(world.of()?.cells, cells);
    world.rollOut(0, JOB);
    world.pass(29 * DAY);
    await learner.tick();
    const again = world.now;
    assert.equal(world.of()?.unusedSince, again);
    world.pass(29 * DAY);
    await learner.tick();
    assert.equal(world.of()?.unusedSince, again);
    assert.deepEqual(world.forgotten, []);
  });

  it('begin anew from nothing when a workload comes back after that', async () => {
    const world = new ForgettingWorld(3);
    const learner = world.leaderOf();
    await world.runJob(learner);
    await learner.tick();
    world.pass(31 * DAY);
    await learner.tick();
    assert.equal(world.of(), undefined);
    await world.runJob(learner);
    assert.equal(world.of()?.version, 1);
    assert.equal(world.of()?.episodes, 1);
    assert.equal(world.of('Tier/business')?.settled.length, 4);
    assert.equal(world.records.filter(({ status }) => status === 'settled').length, 4);
  });

  it('stay while a Pod has a decision, of an opted-out namespace, finished or not believed, too', async () => {
    const world = new ForgettingWorld(4);
    const ids = ['other', 'done', 'forged'] as const;
    const forged = signedPod({ id: 'forged', workload: 'Pod/forged' }, { uid: 'c' });
    const pods: readonly SlimPod[] = [
      { ...forged, uid: 'not the signed one', owner: undefined, namespace: 'shop' },
      signedPod({ id: 'other', workload: 'Pod/other' }, { uid: 'a', namespace: 'left' }),
      signedPod({ id: 'done', workload: 'Pod/done' }, { uid: 'b', phase: 'Succeeded' }),
    ];
    for (const id of ids) {
      const namespace = id === 'other' ? 'left' : 'shop';
      await world.store.writeShard({
        ...emptyShard(namespace, 'default', `Pod/${id}`),
        version: 1,
        settled: [id],
      });
    }
    // The same Pod of another policy says nothing of this one.
    await world.store.writeShard({ ...emptyShard('left', 'former', 'Pod/other'), version: 1 });
    const view = {
      synced: true,
      node: () => undefined,
      nodesByLabel: () => new Map(),
      pods: (namespace: string) => pods.filter((pod) => pod.namespace === namespace),
    };
    const learner = world.leaderOf({ view });
    assert.deepEqual((await learner.tick()).rejected, { forged: 1 });
    world.pass(40 * DAY);
    await learner.tick();
    assert.deepEqual(
      world.forgotten.map(({ policy, workload }) => [policy, workload]),
      [['former', 'Pod/other']],
    );
    assert.equal(world.store.shard('left', 'default', 'Pod/other')?.version, 1);
    assert.equal(world.store.shard('shop', 'default', 'Pod/done')?.version, 1);
    assert.equal(world.store.shard('shop', 'default', 'Pod/forged')?.version, 1);
  });

  it('are kept by a Pod that came between the look and the deletion', async () => {
    const world = new ForgettingWorld(5);
    const learner = world.leaderOf();
    await world.runJob(learner);
    await learner.tick();
    world.pass(31 * DAY);
    const { store } = world;
    const racing = world.leaderOf({
      store: {
        readShard: (namespace, policy, workload) => {
          if (workload === JOB && world.pods.size === 0) world.rollOut(1, JOB);
          return store.readShard(namespace, policy, workload);
        },
        writeShard: (shard) => store.writeShard(shard),
        deleteShard: (shard) => store.deleteShard(shard),
        writeObservation: (observation) => store.writeObservation(observation),
      },
    });
    await racing.tick();
    assert.equal(world.of()?.unusedSince, undefined);
    assert.deepEqual(world.forgotten, []);
  });
});

describe('a deletion that does not succeed', () => {
  const ready = async (seed: number): Promise<ForgettingWorld> => {
    const world = new ForgettingWorld(seed);
    const learner = world.leaderOf();
    await world.runJob(learner);
    await learner.tick();
    world.pass(31 * DAY);
    return world;
  };

  it('because of another write is left for the next tick', async () => {
    const world = await ready(6);
    const learner = world.leaderOf();
    world.store.faultOf = () => 'conflict';
    assert.equal((await learner.tick()).conflicts, 1);
    assert.ok(world.of());
    assert.deepEqual(world.forgotten, []);
    world.store.faultOf = () => undefined;
    await learner.tick();
    assert.equal(world.of(), undefined);
    assert.equal(world.forgotten.length, 1);
  });

  it('because of a later leader ends the work of this one', async () => {
    const world = await ready(7);
    const learner = world.leaderOf();
    world.store.faultOf = () => 'fenced';
    await learner.tick();
    world.store.faultOf = () => undefined;
    assert.equal((await learner.tick()).skipped, 'not-leader');
    assert.ok(world.of());
  });

  it('because the API server is away is said in one line and tried again', async () => {
    const world = await ready(8);
    const learner = world.leaderOf();
    world.store.faultOf = () => 'refused';
    assert.equal((await learner.tick()).publishFailures, 1);
    assert.deepEqual(
      world.warnings.map((fields) => ({ ...fields, err: undefined })),
      [{ namespace: 'shop', policy: 'default', workload: JOB, count: 1, err: undefined }],
    );
    world.store.faultOf = () => undefined;
    await learner.tick();
    assert.equal(world.of(), undefined);
  });

  it('is not asked for by one that does not lead', async () => {
    const world = await ready(9);
    world.leader = false;
    await world.leaderOf().tick();
    assert.ok(world.of());
  });
});

describe('many models at once', () => {
  it('are marked and deleted a few with each tick', async () => {
    const world = new ForgettingWorld(10);
    for (let n = 0; n < 50; n += 1) {
      await world.store.writeShard({ ...emptyShard('shop', 'default', `Pod/p-${n}`), version: 1 });
    }
    const learner = world.leaderOf();
    const marked = (): number =>
      [...world.store.shards.values()].filter((one) => one.unusedSince !== undefined).length;
    for (const count of [20, 40, 50, 50]) {
      await learner.tick();
      assert.equal(marked(), count);
    }
    world.pass(31 * DAY);
    for (const left of [30, 10, 0]) {
      await learner.tick();
      assert.equal(world.store.shards.size, left);
    }
  });

  it('are not marked for ever where the API server drops the mark', async () => {
    const world = new ForgettingWorld(11);
    const { store } = world;
    await store.writeShard({ ...emptyShard('shop', 'default', 'Pod/p'), version: 1 });
    const learner = world.leaderOf({
      store: {
        readShard: (...key) => store.readShard(...key),
        writeShard: (shard) => store.writeShard({ ...shard, unusedSince: undefined }),
        deleteShard: (shard) => store.deleteShard(shard),
        writeObservation: (observation) => store.writeObservation(observation),
      },
    });
    for (let n = 0; n < 5; n += 1) await learner.tick();
    assert.equal(world.of('Pod/p')?.version, 2);
  });
});

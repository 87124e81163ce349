// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import type { Learner } from '#learner/loop/learner.ts';
import { createLearnerMetrics } from '#learner/tick/metrics.ts';
import { node, signedPod, T0 } from '../fixtures.ts';
import { policyWith, World } from '../world.ts';

const HOSTNAME = 'kubernetes.io/hostname';
const FRONTEND = 'Deployment/frontend';

/** A world that explores, so that every target is tried. */
function curious(): World {
  const { learning } = policyWith().spec;
  const certain = { epsilonThousandths: 1000, epsilonFloorThousandths: 1000 };
  return new World(3, policyWith({ learning: { ...learning, ...certain } }));
}

/** So many rollouts, each measured and settled. */
async function rounds(world: World, learner: Learner, count: number, workload = FRONTEND) {
  for (let round = 0; round < count; round += 1) {
    world.pass(30);
    await learner.tick();
    world.rollOut(6, workload);
    world.pass(30);
    await learner.tick();
    world.pass(70);
    await learner.tick();
  }
}

function shardOf(world: World, workload = FRONTEND, policy = 'default') {
  return world.store.shard('shop', policy, workload);
}

/** Actions with values, over all states. */
function actionsOf(world: World, workload = FRONTEND): string[] {
  const rows = Object.values(shardOf(world, workload)?.cells ?? {});
  return [...new Set(rows.flatMap((row) => Object.keys(row)))].sort();
}

describe('nodes that come and go', () => {
  it('take nothing along: what was learned of them waits for them', async () => {
    const world = curious();
    const learner = world.learner();
    await rounds(world, learner, 6);
    const before = structuredClone(shardOf(world)?.cells);
    assert.ok(actionsOf(world).includes('worker-2'));
    const gone = world.nodes.get('worker-2');
    assert.ok(gone !== undefined);
    world.nodes.delete('worker-2');
    await rounds(world, learner, 3);
    const meanwhile = world.records.slice(-18);
    assert.ok(meanwhile.every(({ landed }) => landed === 'worker-1'));
    assert.equal(
      'worker-2' in (world.store.observation('shop', 'default')?.targets ?? {}),
      false,
      'it is not observed any more, so that nobody is sent there',
    );
    for (const [state, row] of Object.entries(before ?? {})) {
      const now = shardOf(world)?.cells[state]?.['worker-2'];
      if (row['worker-2'] !== undefined) assert.deepEqual(now, row['worker-2']);
    }
    world.nodes.set('worker-2', gone);
    world.nodes.set('worker-3', node('worker-3'));
    world.joulesPerRequest['worker-3'] = 0.5;
    await rounds(world, learner, 4);
    assert.ok(actionsOf(world).includes('worker-3'), 'a new one is tried');
  });

  it('that vanish under their Pods teach nothing', async () => {
    const world = curious();
    const learner = world.learner();
    await rounds(world, learner, 6);
    world.pass(30);
    await learner.tick();
    world.rollOut(6);
    const cells = structuredClone(shardOf(world)?.cells);
    const onIt = [...world.pods.values()].filter(({ nodeName }) => nodeName === 'worker-2');
    assert.ok(onIt.length > 0);
    world.nodes.delete('worker-2');
    world.pass(100);
    await learner.tick();
    const records = world.records.filter(({ pod }) => onIt.some(({ name }) => name === pod));
    assert.equal(records.length, onIt.length, 'every one is settled all the same');
    for (const { landed, asked, cells: changed } of records) {
      assert.equal(landed, undefined);
      if (asked !== '(default)') assert.deepEqual(changed, []);
    }
    for (const [state, row] of Object.entries(cells ?? {})) {
      if (row['worker-2'] === undefined) continue;
      assert.deepEqual(shardOf(world)?.cells[state]?.['worker-2'], row['worker-2']);
    }
  });
});

describe('a relabelled pool', () => {
  it('is another target: Pods count where they are now, old values stay', async () => {
    const world = curious();
    const learner = world.learner();
    await rounds(world, learner, 6);
    world.pass(30);
    await learner.tick();
    const decisions = world.rollOut(6);
    const asked = decisions.filter(({ action }) => action === 'worker-2').length;
    const { followed = 0, asked: askedBefore = 0 } = shardOf(world) ?? {};
    // One label of the same Node, while the rollout is being measured.
    world.nodes.set('worker-2', node('worker-2', { labels: { [HOSTNAME]: 'pool-b' } }));
    world.pass(100);
    await learner.tick();
    const records = world.records.slice(-6);
    assert.ok(records.every(({ landed }) => landed !== 'worker-2'));
    assert.ok(records.some(({ landed }) => landed === 'pool-b'));
    assert.equal((shardOf(world)?.asked ?? 0) - askedBefore >= asked, true);
    const toOld = records.filter((one) => one.asked === 'worker-2');
    const others = records.filter((one) => one.asked === 'worker-1' && one.landed === 'worker-1');
    assert.equal((shardOf(world)?.followed ?? 0) - followed, others.length);
    assert.ok(toOld.length === asked);
    assert.ok(actionsOf(world).includes('pool-b') && actionsOf(world).includes('worker-2'));
  });
});

describe('a renamed workload', () => {
  it('begins anew on its tier’s values, and the old shard stays as it was', async () => {
    const world = curious();
    const learner = world.learner();
    await rounds(world, learner, 6);
    const before = structuredClone(shardOf(world));
    for (const pod of [...world.pods.values()]) world.pods.delete(pod.uid);
    const tier = shardOf(world, 'Tier/business');
    assert.ok(tier !== undefined && Object.keys(tier.cells).length > 0);
    await rounds(world, learner, 2, 'Deployment/storefront');
    assert.deepEqual(shardOf(world)?.cells, before?.cells);
    assert.ok((shardOf(world, 'Deployment/storefront')?.episodes ?? 0) > 0);
  });
});

describe('a deleted policy', () => {
  it('leaves its decisions alone, counted, and learns of them should it come back', async () => {
    const world = curious();
    const own = world.policy;
    const registry = new Registry();
    const learner = world.learner({ metrics: createLearnerMetrics(registry) });
    const orphans = async (): Promise<number | undefined> => {
      const gauge = await registry.getSingleMetric('perihelion_learner_orphaned_decisions')?.get();
      return gauge?.values[0]?.value;
    };
    world.rollOut(6);
    world.policy = { ...policyWith(), name: 'built-in', builtIn: true };
    world.pass(100);
    const report = await learner.tick();
    assert.equal(report.orphaned, 6);
    assert.equal(await orphans(), 6);
    assert.deepEqual(world.records, []);
    assert.equal(shardOf(world), undefined);
    assert.equal(shardOf(world, FRONTEND, 'built-in'), undefined);
    world.policy = own;
    await learner.tick();
    assert.equal(await orphans(), 0);
    assert.equal(world.records.length, 6);
    assert.equal(shardOf(world)?.settled.length, 6);
  });

  it('with Pods that go meanwhile loses them and nothing else', async () => {
    const world = curious();
    const own = world.policy;
    const learner = world.learner();
    world.rollOut(4);
    world.policy = { ...policyWith(), name: 'built-in', builtIn: true };
    world.pass(100);
    await learner.tick();
    const [first] = world.pods.keys();
    world.pods.delete(first ?? '');
    world.policy = own;
    await learner.tick();
    assert.equal(world.records.length, 3);
  });
});

describe('annotations that are not ours, and times that cannot be', () => {
  it('are counted and never learned from', async () => {
    const world = curious();
    const learner = world.learner();
    await rounds(world, learner, 3);
    const before = structuredClone(shardOf(world));
    const at = { decidedAt: world.now };
    const good = signedPod({ id: 'good', ...at }, { uid: 'good' });
    const copied = { ...good, uid: 'copied', name: 'copied', createdAt: good.createdAt + 1000 };
    const annotations = { ...good.annotations, 'perihelion.dev/action': 'worker-2' };
    const altered = { ...good, uid: 'altered', name: 'altered', annotations };
    const early = signedPod(
      { id: 'early', decidedAt: world.now - 600_000 },
      { uid: 'early', createdAt: world.now },
    );
    const late = signedPod(
      { id: 'late', decidedAt: world.now + 600_000 },
      { uid: 'late', createdAt: world.now },
    );
    const elsewhere = { ...good, uid: 'elsewhere', name: 'elsewhere' };
    const stranger = { ...elsewhere, owner: elsewhere.owner && { ...elsewhere.owner, uid: 'x' } };
    world.pods.clear();
    for (const pod of [copied, altered, early, late, stranger]) world.pods.set(pod.uid, pod);
    world.pods.set(good.uid, good);
    const { rejected } = await learner.tick();
    assert.deepEqual(rejected, { duplicate: 1, forged: 2, replayed: 2 });
    world.pass(200);
    await learner.tick();
    const settled = world.records.slice(-1).map(({ decisionId }) => decisionId);
    assert.deepEqual(settled, ['good']);
    assert.equal(shardOf(world)?.version, (before?.version ?? 0) + 1, 'by the good one alone');
    assert.ok(world.now > T0);
  });
});

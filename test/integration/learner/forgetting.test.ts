// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { deployment, WEB } from './shop-objects.ts';
import { Shop } from './shop.ts';

const DAY = 86_400;
const PATH = '/apis/perihelion.dev/v1alpha1/namespaces/shop/placementmodels/shop.deployment.web';

let shop: Shop;

async function scaleTo(replicas: number): Promise<void> {
  await shop.apply(deployment(replicas));
  await shop.reconcile();
  await shop.caughtUp();
}

describe('models without Pods, through the API server', { timeout: 120_000 }, () => {
  beforeEach(async () => {
    shop = new Shop();
    shop.retentionSeconds = 30 * DAY;
    await shop.open(2, {});
  });
  afterEach(() => shop.close());

  it('outlive a holiday, go after the retention under another leader, and begin anew', async () => {
    const first = shop.learner();
    await shop.run(first, 8, 120);
    const learned = shop.shard();
    assert.equal(learned?.settled.length, 2);
    await scaleTo(0);
    await shop.run(first, 1);
    const since = shop.now;
    assert.equal(shop.shard()?.unusedSince, since);
    shop.now += 20 * DAY * 1000;
    await scaleTo(2);
    await shop.run(first, 1);
    assert.equal(shop.shard()?.unusedSince, undefined);
    assert.deepEqual(shop.shard()?.cells, learned.cells);
    await shop.run(first, 8, 120);
    assert.equal(shop.shard()?.settled.length, 4);

    await scaleTo(0);
    await shop.run(first, 1);
    const version = shop.shard()?.version;
    const second = shop.learner();
    await shop.run(second, 1, 29 * DAY);
    assert.ok(shop.shard());
    await shop.run(second, 1, DAY + 60);
    assert.equal(shop.shard(), undefined, 'the watch shows the deletion');
    await assert.rejects(shop.client.get(PATH), { status: 404 });
    assert.deepEqual(
      shop.forgotten.map(({ workload, modelVersion }) => [workload, modelVersion]),
      [[WEB, version]],
    );

    await scaleTo(2);
    await shop.run(second, 8, 120);
    assert.equal(shop.shard()?.version, 1);
    assert.equal(shop.shard()?.settled.length, 2);
    assert.equal(shop.forgotten.length, 1);
  });

  it('are not deleted by a leader that another has followed', async () => {
    const elder = shop.learner();
    await shop.run(elder, 8, 120);
    await scaleTo(0);
    const younger = shop.learner();
    await shop.run(younger, 1);
    assert.notEqual(shop.shard()?.unusedSince, undefined);
    shop.now += 31 * DAY * 1000;
    assert.equal((await elder.tick()).skipped, undefined);
    assert.equal((await elder.tick()).skipped, 'not-leader');
    await shop.caughtUp();
    assert.ok(shop.shard());
    assert.deepEqual(shop.forgotten, []);
    await shop.run(younger, 1);
    assert.equal(shop.shard(), undefined);
  });
});

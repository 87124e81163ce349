// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelShard } from '#cluster/model/model.ts';
import { NewestShards } from '#learner/tick/newest-shards.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { MemoryStore } from '../memory-store.ts';

const KEY = ['shop', 'default', 'Deployment/frontend'] as const;
const shardOf = (version: number): ModelShard => ({ ...emptyShard(...KEY), version });

void test('what was written stands in for the watch until the watch shows it', async () => {
  const store = new MemoryStore();
  let watched: ModelShard | undefined;
  const newest = new NewestShards({ shard: () => watched }, store);
  assert.equal(newest.shard(...KEY), undefined);
  await newest.writeShard(shardOf(1));
  assert.equal(newest.shard(...KEY)?.version, 1);
  watched = shardOf(1);
  assert.equal(newest.shard(...KEY), watched);
  watched = shardOf(0);
  assert.equal(newest.shard(...KEY), watched, 'a shard that was deleted and begun anew');
});

void test('what is deleted is not remembered, and its successor counts from 1', async () => {
  const store = new MemoryStore();
  let watched: ModelShard | undefined;
  const newest = new NewestShards({ shard: () => watched }, store);
  await newest.writeShard(shardOf(1));
  watched = shardOf(1);
  await newest.writeShard(shardOf(2));
  assert.deepEqual(await newest.deleteShard(shardOf(2)), { kind: 'deleted' });
  watched = undefined;
  assert.equal(newest.shard(...KEY), undefined);
  await newest.writeShard(shardOf(1));
  assert.equal(newest.shard(...KEY)?.version, 1);
  watched = shardOf(1);
  assert.equal(newest.shard(...KEY), watched);
});

void test('another leader that is further wins, and a write that was not done does not count', async () => {
  const store = new MemoryStore();
  let watched: ModelShard | undefined;
  const newest = new NewestShards({ shard: () => watched }, store);
  await newest.writeShard(shardOf(1));
  watched = shardOf(7);
  assert.equal(newest.shard(...KEY)?.version, 7);
  await newest.writeShard(shardOf(2));
  watched = undefined;
  store.faultOf = () => 'conflict';
  await newest.writeShard(shardOf(3));
  assert.equal(newest.shard(...KEY), undefined);
  store.faultOf = () => 'refused';
  await assert.rejects(newest.writeShard(shardOf(3)));
  assert.equal(newest.shard(...KEY), undefined);
});

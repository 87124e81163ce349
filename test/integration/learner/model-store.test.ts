// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { KubeClient } from '#cluster/api/client.ts';
import { ModelStore } from '#cluster/model/store.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { World } from '../../unit/learner/world.ts';

/*
 * The learner with the real model store over a socket. The server does for PlacementModels what
 * the API server does: it hands out resource versions and refuses a write that names an old one.
 */

interface Stored {
  metadata: { namespace: string; name: string; resourceVersion?: string };
}

interface Server {
  readonly client: KubeClient;
  readonly objects: Map<string, Stored>;
  /** Asked before each write is done, and after. */
  spoil: (when: 'before' | 'after', name: string) => boolean;
  writes: number;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Stored> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Stored;
}

async function apiServer(): Promise<Server> {
  const objects = new Map<string, Stored>();
  let version = 0;
  const http = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const refuse = (code: number): void => {
      answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
    };
    void (async () => {
      if (request.method === 'GET') {
        const name = decodeURIComponent((request.url ?? '').split('/').at(-1) ?? '');
        const found = objects.get(name);
        if (found === undefined) refuse(404);
        else answer(200, found);
        return;
      }
      const body = await bodyOf(request);
      const { name, resourceVersion } = body.metadata;
      const present = objects.get(name);
      if (server.spoil('before', name)) {
        response.destroy();
        return;
      }
      if (request.method === 'POST' && present !== undefined) {
        refuse(409);
        return;
      }
      if (request.method === 'PUT' && present === undefined) {
        refuse(404);
        return;
      }
      if (present !== undefined && present.metadata.resourceVersion !== resourceVersion) {
        refuse(409);
        return;
      }
      version += 1;
      const stored = { ...body, metadata: { ...body.metadata, resourceVersion: `${version}` } };
      objects.set(name, stored);
      server.writes += 1;
      if (server.spoil('after', name)) response.destroy();
      else answer(200, stored);
    })();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const config = new PooledKubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' });
  const server: Server = {
    client: new KubeClient(config, { random: () => 0.5, sleep: () => Promise.resolve() }),
    objects,
    spoil: () => false,
    writes: 0,
    close: async () => {
      await config.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

/** A world whose four Pods are due, and an API server for its models. */
async function due(body: (server: Server, world: World) => Promise<void>): Promise<void> {
  const server = await apiServer();
  try {
    const world = new World(1);
    world.rollOut(4);
    world.pass(75);
    await body(server, world);
  } finally {
    await server.close();
  }
}

const FRONTEND = ['shop', 'default', 'Deployment/frontend'] as const;

describe('the learner on the real model store', { timeout: 120_000 }, () => {
  test('settles once; a second leader of a later term finds everything done', async () => {
    await due(async (server, world) => {
      const first = new ModelStore(server.client, 1);
      const report = await world.learner({ store: first }).tick();
      assert.deepEqual([report.settled, report.observations, report.publishFailures], [4, 1, 0]);
      const settled = await first.readShard(...FRONTEND);
      assert.equal(settled?.settled.length, 4);
      const second = new ModelStore(server.client, 2);
      assert.equal((await world.learner({ store: second }).tick()).settled, 0);
      assert.deepEqual(await second.readShard(...FRONTEND), settled);
    });
  });

  test('a leader that died between two writes: the next one does the rest, once', async () => {
    await due(async (server, world) => {
      // The first shard write (the tier's) is done; then the process is gone.
      let shards = 0;
      server.spoil = (when, name) => {
        if (when === 'before' && !name.includes('observation')) shards += 1;
        return when === 'before' && shards > 1;
      };
      const dead = await world.learner({ store: new ModelStore(server.client, 1) }).tick();
      assert.equal(dead.settled, 0);
      assert.ok(dead.publishFailures > 0);
      server.spoil = () => false;
      const store = new ModelStore(server.client, 2);
      const before = await store.readShard('shop', 'default', 'Tier/business');
      assert.equal(before?.settled.length, 4);
      assert.equal((await world.learner({ store }).tick()).settled, 4);
      assert.deepEqual(await store.readShard('shop', 'default', 'Tier/business'), before);
      assert.equal((await store.readShard(...FRONTEND))?.defaultSamples, 4);
    });
  });

  test('a write whose answer is lost is not done twice', async () => {
    await due(async (server, world) => {
      server.spoil = (when, name) => when === 'after' && !name.includes('observation');
      const store = new ModelStore(server.client, 1);
      const learner = world.learner({ store });
      // The tier's write is done and its answer lost, then the workload's, then all is done.
      for (let n = 0; n < 4; n += 1) await learner.tick();
      server.spoil = () => false;
      assert.equal((await learner.tick()).backlog, 0);
      const shard = await store.readShard(...FRONTEND);
      assert.deepEqual([shard?.version, shard?.defaultSamples, shard?.episodes], [1, 4, 1]);
      assert.equal((await store.readShard('shop', 'default', 'Tier/business'))?.version, 1);
    });
  });

  test('two that both believe they lead: each decision is counted once, the elder stops', async () => {
    await due(async (server, world) => {
      const elder = world.learner({ store: new ModelStore(server.client, 1) });
      const younger = world.learner({ store: new ModelStore(server.client, 2) });
      await Promise.all([elder.tick(), younger.tick()]);
      await younger.tick();
      await elder.tick();
      const store = new ModelStore(server.client, 3);
      const shard = await store.readShard(...FRONTEND);
      assert.deepEqual([shard?.version, shard?.settled.length, shard?.defaultSamples], [1, 4, 4]);
      assert.equal(world.records.length, 4);
    });
  });
});

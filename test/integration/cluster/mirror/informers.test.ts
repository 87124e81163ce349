// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '#cluster/api/backoff.ts';
import { startInformers, type Role } from '#cluster/mirror/informers.ts';
import { until } from '../../../support/until.ts';
import { json, refuse, scripted, type Scripted } from '../scripted-server.ts';

const created = { creationTimestamp: '2026-01-02T03:04:05Z' };
const OBJECTS: Readonly<Record<string, object[]>> = {
  '/api/v1/nodes': [{ metadata: { name: 'worker-1', labels: { zone: 'a' } } }],
  '/api/v1/pods': [
    {
      metadata: { namespace: 'shop', name: 'p', uid: 'u', ...created },
      spec: { nodeName: 'worker-1', containers: [{ resources: { requests: { cpu: '1' } } }] },
    },
  ],
  '/apis/apps/v1/replicasets': [{ metadata: { namespace: 'shop', name: 'rs', uid: 'r' } }],
  '/apis/batch/v1/jobs': [{ metadata: { namespace: 'shop', name: 'job', uid: 'j' } }],
  '/api/v1/namespaces': [{ metadata: { name: 'shop', labels: { a: 'b' } } }],
  '/api/v1/persistentvolumeclaims': [
    { metadata: { namespace: 'shop', name: 'c' }, spec: { volumeName: 'v' } },
  ],
  '/api/v1/persistentvolumes': [{ metadata: { name: 'v' } }],
};

/** An API server without the custom resources until `installed` is set. */
async function cluster(): Promise<Scripted & { installed: { policies: boolean } }> {
  const installed = { policies: false };
  const server = await scripted(({ path, query, response }) => {
    const isOurs = path.startsWith('/apis/perihelion.dev/');
    if (isOurs && !installed.policies) {
      refuse(response, 404, 'NotFound');
      return;
    }
    if (query.get('watch') === 'true') {
      response.writeHead(200).flushHeaders();
      return;
    }
    const policy = {
      metadata: { namespace: 'shop', name: 'own', generation: 2 },
      spec: { mode: 'Off' },
    };
    const items = path.endsWith('/placementpolicies') ? [policy] : (OBJECTS[path] ?? []);
    json(response, 200, { metadata: { resourceVersion: '7' }, items });
  });
  return { ...server, installed };
}

function start(server: Scripted, roles: Role[]) {
  return startInformers({
    roles,
    ports: { api: server.client, random: () => 0.5, now: () => performance.now(), sleep },
    times: { backoffBaseMilliseconds: 4, backoffCapMilliseconds: 8 },
  });
}

describe('the informers', { timeout: 120_000 }, () => {
  it('mirror what admission needs, and are synced without the custom resources', async () => {
    const server = await cluster();
    const informers = start(server, ['admission']);
    try {
      assert.equal(await informers.synced, true);
      const { view } = informers;
      assert.equal(view.synced, true);
      assert.equal(view.nodesByLabel('zone').get('a')?.length, 1);
      assert.deepEqual(view.requestedOnNode('worker-1'), {
        cpuMillicores: 1000,
        memoryBytes: 0,
        pods: 1,
      });
      assert.equal(view.owner('ReplicaSet', 'shop', 'rs')?.uid, 'r');
      assert.equal(view.owner('Job', 'shop', 'job')?.uid, 'j');
      assert.equal(view.namespace('shop')?.labels['a'], 'b');
      assert.equal(view.claim('shop', 'c')?.volumeName, 'v');
      assert.equal(view.volume('v')?.name, 'v');
      assert.equal(informers.policies.policyFor('shop').builtIn, true);
      assert.equal(informers.models.shard('shop', 'default', 'Deployment/a'), undefined);
      assert.equal(informers.resourceVersions().pods, '7');
      assert.equal(informers.mirrors().pods?.objects, 1);
      for (const kind of ['replicasets', 'jobs']) {
        const asked = server.asked.find(({ path }) => path.endsWith(kind));
        assert.match(asked?.accept ?? '', /PartialObjectMetadataList/);
      }
    } finally {
      await informers.stop();
      await server.close();
    }
  });

  it('find the custom resources when they are installed later', async () => {
    const server = await cluster();
    const informers = start(server, ['learner']);
    try {
      await informers.synced;
      server.installed.policies = true;
      await until(() => !informers.policies.policyFor('shop').builtIn);
      assert.equal(informers.policies.policyFor('shop').spec.mode, 'Off');
      assert.equal(await informers.untilResourceVersion('policies', '7'), true);
    } finally {
      await informers.stop();
      await server.close();
    }
  });

  it('leave volumes to admission', async () => {
    const server = await cluster();
    const informers = start(server, ['learner']);
    try {
      await informers.synced;
      assert.ok(!server.asked.some(({ path }) => path.includes('persistentvolume')));
      assert.equal(await informers.untilResourceVersion('claims', '1'), false);
    } finally {
      await informers.stop();
      await server.close();
    }
  });

  it('close every connection of theirs when they are stopped, synced or not', async () => {
    const server = await scripted(() => undefined);
    const informers = start(server, ['admission', 'learner']);
    await until(() => server.asked.length === 8);
    await informers.stop();
    assert.equal(await informers.synced, false);
    assert.equal(informers.view.synced, false);
    await until(() => server.open() === 0);
    await server.close();
  });
});

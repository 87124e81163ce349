// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { encodeShard } from '#cluster/model/codec.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { EPOCH_ANNOTATION, ModelStore } from '#cluster/model/store.ts';
import { asObject } from '#cluster/wire/json.ts';
import { objectServer, type ObjectServer } from '../object-server.ts';

const PATH =
  '/apis/perihelion.dev/v1alpha1/namespaces/shop/placementmodels/default.deployment.frontend';
const ZERO = { mean: 0, variance: 0, weight: 0 };

function shard(version: number, more: Partial<ModelShard> = {}): ModelShard {
  return {
    namespace: 'shop',
    policy: 'default',
    workload: 'Deployment/frontend',
    version,
    episodes: version,
    cells: { 'load=normal': { 'worker-1': { value: 0.1 + 0.2, weight: version } } },
    baselines: {},
    load: ZERO,
    defaultSamples: 0,
    settled: [],
    followed: 0,
    asked: 0,
    ...more,
  };
}

describe('the model store', { timeout: 120_000 }, () => {
  let server: ObjectServer;
  let store: ModelStore;
  beforeEach(async () => {
    server = await objectServer();
    store = new ModelStore(server.client, 3);
  });
  afterEach(() => server.close());

  it('creates the first version and replaces it by the next, one call each', async () => {
    assert.equal((await store.writeShard(shard(1))).kind, 'written');
    const before = server.asked.length;
    assert.equal((await store.writeShard(shard(2))).kind, 'written');
    assert.equal(server.asked.length, before + 1);
    const stored = server.objects.get(PATH);
    assert.deepEqual(stored?.['spec'], encodeShard(shard(2)));
    assert.equal(asObject(stored.metadata['annotations'])[EPOCH_ANNOTATION], '3');
    assert.equal(asObject(stored.metadata['labels'])['perihelion.dev/model'], 'shard');
    assert.deepEqual(await store.readShard('shop', 'default', 'Deployment/frontend'), shard(2));
  });

  describe('an object that was not written by a leader', () => {
    const BROKEN: Readonly<Record<string, (spec: Record<string, unknown>) => void>> = {
      'a number beyond all doubles': (spec) => {
        spec['shard'] = { ...asObject(spec['shard']), load: { ...ZERO_TEXT, mean: '1e+999' } };
      },
      'no shard': (spec) => delete spec['shard'],
      'the shard of another workload': (spec) => (spec['workload'] = 'Deployment/other'),
      'the shard of another policy': (spec) => (spec['policyName'] = 'other'),
    };
    const ZERO_TEXT = { mean: '0', variance: '0', weight: '0' };
    const spoil = async (how: (spec: Record<string, unknown>) => void): Promise<void> => {
      await store.writeShard(shard(1));
      await store.writeShard(shard(2));
      server.meddle(PATH, (stored) => how(stored['spec'] as Record<string, unknown>));
    };
    const KEY = ['shop', 'default', 'Deployment/frontend'] as const;

    for (const [name, how] of Object.entries(BROKEN)) {
      it(`${name}: the last good content stands in, and is written over it`, async () => {
        await spoil(how);
        const next = new ModelStore(server.client, 4, { shard: () => shard(2) });
        assert.deepEqual(await next.readShard(...KEY), shard(2));
        assert.equal((await next.writeShard(shard(3))).kind, 'written');
        assert.deepEqual(server.objects.get(PATH)?.['spec'], encodeShard(shard(3)));
      });

      it(`${name}: begun anew where nothing good is known`, async () => {
        await spoil(how);
        const next = new ModelStore(server.client, 4);
        assert.equal(await next.readShard(...KEY), undefined);
        assert.equal((await next.writeShard(shard(3))).kind, 'conflict');
        assert.equal((await next.writeShard(shard(1))).kind, 'written');
        assert.deepEqual(await next.readShard(...KEY), shard(1));
      });
    }

    it('does not hide that a later leader was here', async () => {
      await spoil(BROKEN['no shard']!);
      const former = new ModelStore(server.client, 2, { shard: () => shard(2) });
      await former.readShard(...KEY);
      assert.deepEqual(await former.writeShard(shard(3)), { kind: 'fenced', epoch: 3 });
    });
  });

  it('is not stopped by an epoch that no lease can have: the next write replaces it', async () => {
    await store.writeShard(shard(1));
    let version = 1;
    for (const epoch of ['Infinity', '1e300', '99999999999', '2147483647', '4.5', 'four', '-1']) {
      server.meddle(PATH, ({ metadata }) => {
        metadata['annotations'] = { [EPOCH_ANNOTATION]: epoch };
      });
      version += 1;
      const next = new ModelStore(server.client, 3);
      assert.equal((await next.writeShard(shard(version))).kind, 'written', epoch);
      const annotations = server.objects.get(PATH)?.metadata['annotations'];
      assert.equal(asObject(annotations)[EPOCH_ANNOTATION], '3');
    }
  });

  it('reads nothing where nothing is', async () => {
    assert.equal(await store.readShard('shop', 'default', 'Deployment/none'), undefined);
  });

  it('goes on from what a former leader has left', async () => {
    await store.writeShard(shard(1));
    const next = new ModelStore(server.client, 4);
    assert.equal((await next.writeShard(shard(2))).kind, 'written');
  });

  it('reports a conflict with what stands there now, and writes nothing', async () => {
    await store.writeShard(shard(1));
    server.meddle(PATH, (stored) => {
      stored['spec'] = encodeShard(shard(2, { episodes: 77 }));
    });
    const result = await store.writeShard(shard(2));
    assert.deepEqual(result, { kind: 'conflict', current: shard(2, { episodes: 77 }) });
    assert.deepEqual(server.objects.get(PATH)?.['spec'], encodeShard(shard(2, { episodes: 77 })));
    assert.equal((await store.writeShard(shard(3))).kind, 'written');
  });

  it('does not write a version that is not the next, even when the resourceVersion is known', async () => {
    await store.writeShard(shard(1));
    assert.deepEqual(await store.writeShard(shard(1)), { kind: 'conflict', current: shard(1) });
    assert.deepEqual(await store.writeShard(shard(9)), { kind: 'conflict', current: shard(1) });
    const fresh = new ModelStore(server.client, 3);
    await fresh.readShard('shop', 'default', 'Deployment/frontend');
    assert.equal((await fresh.writeShard(shard(5))).kind, 'conflict');
  });

  it('sees that a write whose answer was lost was done', async () => {
    await store.writeShard(shard(1));
    const { objects } = server;
    server.intercept = ({ method, response }) => {
      if (method !== 'PUT') return false;
      server.intercept = undefined;
      server.meddle(PATH, (stored) => {
        stored['spec'] = encodeShard(shard(2));
      });
      response.socket?.destroy();
      return true;
    };
    await assert.rejects(store.writeShard(shard(2)), {
      code: 'PERI_KUBERNETES_REQUEST',
      status: 0,
    });
    assert.deepEqual(objects.get(PATH)?.['spec'], encodeShard(shard(2)));
    assert.deepEqual(await store.writeShard(shard(2)), { kind: 'conflict', current: shard(2) });
  });

  it('does a write again that was not done', async () => {
    await store.writeShard(shard(1));
    server.intercept = ({ method, response }) => {
      if (method !== 'PUT') return false;
      server.intercept = undefined;
      response.socket?.destroy();
      return true;
    };
    await assert.rejects(store.writeShard(shard(2)));
    assert.equal((await store.writeShard(shard(2))).kind, 'written');
  });

  it('begins again where the object was deleted', async () => {
    await store.writeShard(shard(1));
    server.objects.delete(PATH);
    assert.deepEqual(await store.writeShard(shard(2)), { kind: 'conflict', current: undefined });
    assert.equal((await store.writeShard(shard(1))).kind, 'written');
  });

  describe('a deletion', () => {
    const KEY = ['shop', 'default', 'Deployment/frontend'] as const;

    it('takes one call for what was just read or written, and the next shard begins with 1', async () => {
      await store.writeShard(shard(1));
      const before = server.asked.length;
      assert.deepEqual(await store.deleteShard(shard(1)), { kind: 'deleted' });
      assert.deepEqual(
        server.asked.slice(before).map(({ method, path }) => [method, path]),
        [['DELETE', PATH]],
      );
      assert.equal(server.objects.has(PATH), false);
      assert.equal((await store.writeShard(shard(1))).kind, 'written');
      const next = new ModelStore(server.client, 4);
      assert.deepEqual(await next.deleteShard(shard(1)), { kind: 'deleted' });
      assert.equal(await next.readShard(...KEY), undefined);
    });

    it('of another version than stands deletes nothing', async () => {
      await store.writeShard(shard(1));
      assert.deepEqual(await store.deleteShard(shard(2)), { kind: 'conflict', current: shard(1) });
      const next = new ModelStore(server.client, 4);
      assert.deepEqual(await next.deleteShard(shard(2)), { kind: 'conflict', current: shard(1) });
      assert.ok(server.objects.has(PATH));
    });

    it('of what another has written since deletes nothing, although the version is the same', async () => {
      await store.writeShard(shard(1));
      server.meddle(PATH, (stored) => {
        stored['spec'] = encodeShard(shard(1, { settled: ['d-1'] }));
      });
      const current = shard(1, { settled: ['d-1'] });
      assert.deepEqual(await store.deleteShard(shard(1)), { kind: 'conflict', current });
      assert.ok(server.objects.has(PATH));
    });

    it('of what is gone is a conflict with nothing', async () => {
      assert.deepEqual(await store.deleteShard(shard(1)), { kind: 'conflict', current: undefined });
      await store.writeShard(shard(1));
      server.objects.delete(PATH);
      assert.deepEqual(await store.deleteShard(shard(1)), { kind: 'conflict', current: undefined });
    });

    it('by a deposed leader deletes nothing, and is its last', async () => {
      await store.writeShard(shard(1));
      await new ModelStore(server.client, 4).writeShard(shard(2));
      assert.deepEqual(await store.deleteShard(shard(1)), { kind: 'fenced', epoch: 4 });
      assert.deepEqual(await store.deleteShard(shard(2)), { kind: 'fenced', epoch: 4 });
      assert.ok(server.objects.has(PATH));
      const read = new ModelStore(server.client, 3);
      assert.deepEqual(await read.deleteShard(shard(2)), { kind: 'fenced', epoch: 4 });
    });

    it('whose answer was lost is found done', async () => {
      await store.writeShard(shard(1));
      server.intercept = ({ method, response }) => {
        if (method !== 'DELETE') return false;
        server.intercept = undefined;
        server.objects.delete(PATH);
        response.socket?.destroy();
        return true;
      };
      await assert.rejects(store.deleteShard(shard(1)), { status: 0 });
      assert.deepEqual(await store.deleteShard(shard(1)), { kind: 'conflict', current: undefined });
    });

    it('that is not allowed is passed on', async () => {
      await store.writeShard(shard(1));
      server.intercept = ({ method, response }) => {
        if (method !== 'DELETE') return false;
        response.writeHead(403).end('{}');
        return true;
      };
      await assert.rejects(store.deleteShard(shard(1)), { status: 403 });
    });
  });

  it('is fenced off by a later leader', async () => {
    await store.writeShard(shard(1));
    const later = new ModelStore(server.client, 4);
    await later.writeShard(shard(2));
    assert.deepEqual(await store.writeShard(shard(2)), { kind: 'fenced', epoch: 4 });
    assert.deepEqual(await store.writeShard(shard(3)), { kind: 'fenced', epoch: 4 });
  });

  it('writes the latest observation over another, but not over a later leader', async () => {
    const seen = (observedAt: number) => ({
      namespace: 'shop',
      policy: 'default',
      observedAt,
      targets: {},
      workloads: {},
    });
    assert.equal((await store.writeObservation(seen(1))).kind, 'written');
    const twin = new ModelStore(server.client, 3);
    assert.equal((await twin.writeObservation(seen(2))).kind, 'written');
    assert.equal((await store.writeObservation(seen(3))).kind, 'written');
    const later = new ModelStore(server.client, 4);
    assert.equal((await later.writeObservation(seen(4))).kind, 'written');
    assert.deepEqual(await store.writeObservation(seen(5)), { kind: 'fenced', epoch: 4 });
  });

  it('passes on that the resource is not installed', async () => {
    server.intercept = ({ response }) => {
      response.writeHead(404).end('404 page not found');
      return true;
    };
    await assert.rejects(store.writeShard(shard(1)), { status: 404 });
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeShard } from '#cluster/model/codec.ts';
import { projectModel } from '#cluster/model/live-view.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { ModelStore } from '#cluster/model/store.ts';
import { objectServer, type ObjectServer, type Stored } from '../object-server.ts';

const AT = '/apis/perihelion.dev/v1alpha1/namespaces/shop/placementmodels';
const SHARD = `${AT}/default.deployment.frontend`;
const OBSERVATION = `${AT}/default.observation`;

const shard: ModelShard = {
  namespace: 'shop',
  policy: 'default',
  workload: 'Deployment/frontend',
  version: 1,
  episodes: 1,
  cells: { 'load=normal': { 'worker-1': { value: 0.25, weight: 3 } } },
  baselines: {},
  load: { mean: 10, variance: 1, weight: 3 },
  defaultSamples: 3,
  settled: ['d-1'],
  followed: 1,
  asked: 2,
};
const observation: Observation = {
  namespace: 'shop',
  policy: 'default',
  observedAt: 1_700_000_000_000,
  targets: {},
  workloads: {},
};

/** A leader and what stands on the server, the shard as somebody else left it. */
async function standing(
  run: (server: ObjectServer, store: ModelStore) => Promise<void>,
  change: (spec: Record<string, unknown>) => void,
): Promise<void> {
  const server = await objectServer();
  try {
    const store = new ModelStore(server.client, 1);
    assert.equal((await store.writeShard(shard)).kind, 'written');
    assert.equal((await store.writeObservation(observation)).kind, 'written');
    for (const path of [SHARD, OBSERVATION]) {
      server.meddle(path, (stored: Stored) => change(stored['spec'] as Record<string, unknown>));
    }
    await run(server, new ModelStore(server.client, 2));
  } finally {
    await server.close();
  }
}

describe('the format of a stored model', { timeout: 120_000 }, () => {
  it('of a newer version is left as it is, and told', async () => {
    const newer = (spec: Record<string, unknown>): void => {
      spec['format'] = 3;
      spec['shape'] = 'that this version has never seen';
    };
    await standing(async (server, store) => {
      const before = structuredClone([server.objects.get(SHARD), server.objects.get(OBSERVATION)]);
      const refusal = { code: 'PERI_MODEL_NEWER', message: /spec\.format: 3/ };
      await assert.rejects(store.readShard('shop', 'default', 'Deployment/frontend'), refusal);
      await assert.rejects(store.writeShard({ ...shard, version: 2 }), refusal);
      await assert.rejects(store.writeShard(shard), refusal);
      await assert.rejects(store.writeObservation(observation), refusal);
      assert.deepEqual([server.objects.get(SHARD), server.objects.get(OBSERVATION)], before);
      const raw = before[0];
      assert.ok(raw !== undefined);
      assert.throws(() => projectModel(raw), refusal);
    }, newer);
  });

  it('of an older version, without what came since, is read and goes on', async () => {
    const older = (spec: Record<string, unknown>): void => {
      const { shard: held } = spec as { shard?: Record<string, unknown> };
      for (const name of ['adherence', 'enforcement', 'circuit', 'savings', 'shadow']) {
        delete held?.[name];
      }
    };
    await standing(async (_server, store) => {
      const read = await store.readShard('shop', 'default', 'Deployment/frontend');
      assert.deepEqual(read, shard);
      const next = { ...shard, version: 2, adherence: { 'worker-1': { asked: 2, followed: 1 } } };
      assert.equal((await store.writeShard(next)).kind, 'written');
      const again = await store.readShard('shop', 'default', 'Deployment/frontend');
      assert.deepEqual(again, next);
    }, older);
  });

  it('is not written where nothing needs it, so that processes before it read what this one writes', () => {
    assert.equal('format' in encodeShard(shard), false);
  });

  it('is 2 for a shard whose oldest ids gave way to a time, which older processes leave alone', () => {
    assert.equal(encodeShard({ ...shard, settledUntil: 1_700_000_000_000 }).format, 2);
  });

  it('without the field that it is for is left as it is: an older definition has dropped it', async () => {
    const pruned = (spec: Record<string, unknown>): void => {
      spec['format'] = 2;
    };
    await standing(async (server, store) => {
      const before = structuredClone(server.objects.get(SHARD));
      const refusal = { code: 'PERI_MODEL_NEWER', message: /settledUntil: missing/ };
      await assert.rejects(store.readShard('shop', 'default', 'Deployment/frontend'), refusal);
      await assert.rejects(store.writeShard({ ...shard, version: 2 }), refusal);
      await assert.rejects(store.writeShard(shard), refusal);
      assert.deepEqual(server.objects.get(SHARD), before);
    }, pruned);
  });

  it('with that field is written only where the definition knows it', async () => {
    await standing(
      async (server, store) => {
        const next = { ...shard, version: 2, settledUntil: 1_700_000_000_000 };
        assert.equal((await store.writeShard(next)).kind, 'written');
        const puts = server.asked.filter(({ method }) => method === 'PUT');
        assert.equal(puts.at(-1)?.query.get('fieldValidation'), 'Strict');
        assert.deepEqual(await store.readShard('shop', 'default', 'Deployment/frontend'), next);
      },
      () => undefined,
    );
  });
});

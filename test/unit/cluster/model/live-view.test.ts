// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeObservation, encodeShard, type StoredModel } from '#cluster/model/codec.ts';
import { LiveModelView, projectModel } from '#cluster/model/live-view.ts';
import { Store } from '#cluster/watch/store.ts';

const ZERO = { mean: 0, variance: 0, weight: 0 };
const shard = (version: number) => ({
  namespace: 'shop',
  policy: 'p',
  workload: 'Deployment/a',
  version,
  episodes: 0,
  cells: {},
  baselines: {},
  load: ZERO,
  defaultSamples: 0,
  settled: [],
  followed: 0,
  asked: 0,
});
const NAME = 'p.deployment.a';
const raw = (spec: object, name = NAME) => ({ metadata: { namespace: 'shop', name }, spec });

describe('the model view', () => {
  it('gives shards and observations by policy and follows their changes', () => {
    const store = new Store<StoredModel>((error) => {
      throw error;
    });
    const view = new LiveModelView(store);
    const put = (key: string, resourceVersion: string, spec: object) => {
      const value = projectModel(raw(spec, key === 's' ? NAME : 'p.observation'));
      store.upsert(key, { uid: key, resourceVersion, value });
    };
    put('s', '1', encodeShard(shard(1)));
    put(
      'o',
      '2',
      encodeObservation({
        namespace: 'shop',
        policy: 'p',
        observedAt: 5,
        targets: {},
        workloads: {},
      }),
    );
    assert.equal(view.shard('shop', 'p', 'Deployment/a')?.version, 1);
    assert.equal(view.observation('shop', 'p')?.observedAt, 5);
    assert.equal(view.shard('shop', 'q', 'Deployment/a'), undefined);
    assert.equal(view.observation('other', 'p'), undefined);
    put('s', '3', encodeShard(shard(2)));
    assert.equal(view.shard('shop', 'p', 'Deployment/a')?.version, 2);
    assert.equal([...view.shards()].length, 1);
    store.remove('s');
    store.remove('o');
    assert.equal(view.shard('shop', 'p', 'Deployment/a'), undefined);
    assert.equal(view.observation('shop', 'p'), undefined);
  });

  it('takes up a shard that was deleted and begun anew, also where only the new one is seen', () => {
    const store = new Store<StoredModel>((error) => {
      throw error;
    });
    const view = new LiveModelView(store);
    const put = (uid: string, resourceVersion: string, version: number) =>
      store.upsert('s', {
        uid,
        resourceVersion,
        value: projectModel(raw(encodeShard(shard(version)))),
      });
    put('first', '1', 9);
    store.remove('s');
    assert.deepEqual([...view.shards()], []);
    put('second', '3', 1);
    assert.equal(view.shard('shop', 'p', 'Deployment/a')?.version, 1);
    put('second', '4', 2);
    put('third', '8', 1);
    assert.equal(view.shard('shop', 'p', 'Deployment/a')?.version, 1);
    assert.equal([...view.shards()].length, 1);
  });

  it('refuses an object that cannot be read', () => {
    assert.throws(() => projectModel(raw({ policyName: 'p' })), { code: 'PERI_MODEL_MALFORMED' });
  });

  it('refuses a copy under another name, and other content under a name', () => {
    const refused = { code: 'PERI_MODEL_MALFORMED', message: /metadata\.name/ };
    const spec = encodeShard(shard(1));
    assert.equal(projectModel(raw(spec)).kind, 'shard');
    assert.throws(() => projectModel(raw(spec, 'p.deployment.b')), refused);
    assert.throws(() => projectModel(raw(spec, 'q.deployment.a')), refused);
    const other = encodeShard({ ...shard(1), workload: 'Deployment/b' });
    assert.throws(() => projectModel(raw(other)), refused);
    const seen = { namespace: 'shop', policy: 'p', observedAt: 5, targets: {}, workloads: {} };
    assert.equal(projectModel(raw(encodeObservation(seen), 'p.observation')).kind, 'observation');
    assert.throws(() => projectModel(raw(encodeObservation(seen), 'q.observation')), refused);
  });
});

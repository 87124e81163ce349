// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LivePolicyView,
  projectPolicy,
  type PolicyProblem,
  type RawPolicy,
} from '#cluster/policy/live-view.ts';
import { Store } from '#cluster/watch/store.ts';

function setUp(defaultNamespace?: string) {
  const reported: PolicyProblem[] = [];
  const store = new Store<RawPolicy>((error) => {
    throw error;
  });
  const view = new LivePolicyView(store, {
    defaultNamespace,
    onProblem: (problem) => reported.push(problem),
  });
  let resourceVersion = 0;
  const put = (namespace: string, name: string, generation: number, spec: object) => {
    resourceVersion += 1;
    const raw = { metadata: { namespace, name, generation }, spec };
    store.upsert(`${namespace}/${name}`, {
      uid: `${namespace}/${name}`,
      resourceVersion: String(resourceVersion),
      value: projectPolicy(raw),
    });
  };
  const modeOf = (namespace: string) => {
    const { name, generation, spec } = view.policyFor(namespace);
    return `${name}@${generation} ${spec.mode}`;
  };
  return { store, view, put, modeOf, reported };
}

describe('the policy in force', () => {
  it('says when it was created: the generation of one created again begins with 1, too', () => {
    const { store, view } = setUp();
    const metadata = { namespace: 'shop', name: 'p', generation: 1, uid: 'u-1' };
    const creationTimestamp = '2026-01-05T00:00:00Z';
    const raw = projectPolicy({ metadata: { ...metadata, creationTimestamp }, spec: {} });
    assert.equal(raw.uid, 'u-1');
    store.upsert('shop/p', { uid: 'u-1', resourceVersion: '1', value: raw });
    assert.equal(view.policyFor('shop').createdAt, Date.parse(creationTimestamp));
    assert.equal(projectPolicy({ metadata, spec: {} }).createdAt, undefined);
  });

  it('is the built-in one where there is none', () => {
    assert.equal(setUp().modeOf('shop'), 'default@0 Prefer');
  });

  it('is the first of its namespace by name, whichever came first', () => {
    const { put, modeOf, store } = setUp();
    put('shop', 'b', 1, { mode: 'Off' });
    assert.equal(modeOf('shop'), 'b@1 Off');
    put('shop', 'a', 1, { mode: 'Shadow' });
    assert.equal(modeOf('shop'), 'a@1 Shadow');
    assert.equal(modeOf('other'), 'default@0 Prefer');
    store.remove('shop/a');
    assert.equal(modeOf('shop'), 'b@1 Off');
    store.remove('shop/b');
    assert.equal(modeOf('shop'), 'default@0 Prefer');
  });

  it('is that of the default namespace where a namespace has none', () => {
    const { put, modeOf } = setUp('perihelion-system');
    put('perihelion-system', 'house', 4, { mode: 'Shadow' });
    assert.equal(modeOf('shop'), 'house@4 Shadow');
    put('shop', 'own', 1, {});
    assert.equal(modeOf('shop'), 'own@1 Prefer');
  });

  it('stays the last good one when a change cannot be used', () => {
    const { put, modeOf, reported, view } = setUp();
    put('shop', 'p', 1, { mode: 'Shadow' });
    put('shop', 'p', 2, { mode: 'Sideways' });
    assert.equal(modeOf('shop'), 'p@1 Shadow');
    assert.deepEqual(reported, [
      {
        namespace: 'shop',
        name: 'p',
        generation: 2,
        problems: ['spec.mode: found "Sideways", expected one of Off, Shadow, Prefer, Require'],
        inForce: 1,
      },
    ]);
    assert.equal([...view.problems()].length, 1);
    put('shop', 'p', 3, { mode: 'Off' });
    assert.equal(modeOf('shop'), 'p@3 Off');
    assert.deepEqual([...view.problems()], []);
  });

  it('passes over one that never was good', () => {
    const { put, modeOf, reported, view, store } = setUp();
    put('shop', 'a', 1, { holdoutPercent: 200 });
    put('shop', 'b', 1, { mode: 'Off' });
    assert.equal(modeOf('shop'), 'b@1 Off');
    assert.equal(reported[0]?.inForce, undefined);
    assert.deepEqual(
      [...view.policies()].map((policy) => policy.name),
      ['b'],
    );
    store.remove('shop/a');
    assert.deepEqual([...view.problems()], []);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createPodDirectory,
  type ListedPod,
  workloadNameOf,
} from '#telemetry/reading/pod-directory.ts';

function pod(name: string, over: Partial<ListedPod> = {}): ListedPod {
  return {
    uid: `${name}-uid`,
    namespace: 'shop',
    name,
    nodeName: 'n1',
    labels: {},
    owner: undefined,
    readyAt: 1,
    ...over,
  };
}

test('a workload is called as meshes call it', () => {
  const hash = { 'pod-template-hash': '6d5f7c9b8' };
  const cases: [Partial<ListedPod>, string][] = [
    [{ owner: { kind: 'ReplicaSet', name: 'geo-6d5f7c9b8' }, labels: hash }, 'geo'],
    [{ owner: { kind: 'ReplicaSet', name: 'own' }, labels: {} }, 'own'],
    [{ owner: { kind: 'ReplicaSet', name: 'own-other' }, labels: hash }, 'own-other'],
    [{ owner: { kind: 'StatefulSet', name: 'mongodb' } }, 'mongodb'],
    [{}, 'x'],
  ];
  for (const [over, name] of cases) assert.equal(workloadNameOf(pod('x', over)), name);
});

test('Pods are found by name, and by workload only when they serve', () => {
  let listed = 0;
  const directory = createPodDirectory(() => {
    listed += 1;
    const owner = { kind: 'StatefulSet', name: 'db' };
    return [
      pod('db-0', { owner }),
      pod('db-1', { owner, readyAt: undefined }),
      pod('db-0', { owner, namespace: 'other' }),
    ];
  });
  assert.equal(listed, 0);
  assert.deepEqual(directory.podsOf('shop', 'db'), ['db-0']);
  assert.equal(directory.find('shop', 'db-1')?.uid, 'db-1-uid');
  assert.equal(directory.find('shop', 'none'), undefined);
  assert.deepEqual(directory.podsOf('shop', 'none'), []);
  assert.equal(listed, 1);
});

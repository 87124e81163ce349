// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workloadOf, type OwnedPod } from '#admission/pod/owner.ts';
import { parseReview } from '#admission/review/review.ts';
import { incomingPod } from '#admission/pod/incoming-pod.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import { workloadKey } from '#cluster/objects/workload.ts';
import { fixture, NAMESPACE, World } from '../world.ts';

function pod(
  owner: { kind: string; name: string } | undefined,
  overrides: Partial<OwnedPod> = {},
): OwnedPod {
  return {
    namespace: NAMESPACE,
    name: '',
    labels: {},
    owner: owner === undefined ? undefined : { apiVersion: '', uid: 'u', ...owner },
    ...overrides,
  };
}

function keyOf(one: OwnedPod, world = new World()): string {
  const workload = workloadOf(one, world.view);
  assert.equal(workload.namespace, one.namespace);
  return workloadKey(workload);
}

describe('workloadOf', () => {
  it('follows a ReplicaSet to its Deployment', () => {
    const world = new World();
    world.addOwner('ReplicaSet', 'odd-name', { kind: 'Deployment', name: 'frontend' });
    assert.equal(
      keyOf(pod({ kind: 'ReplicaSet', name: 'odd-name' }), world),
      'Deployment/frontend',
    );
  });

  it('follows a ReplicaSet to an Argo Rollout', () => {
    const world = new World();
    world.addOwner('ReplicaSet', 'web-5d', { kind: 'Rollout', name: 'web' });
    assert.equal(keyOf(pod({ kind: 'ReplicaSet', name: 'web-5d' }), world), 'Rollout/web');
  });

  it('stops at a ReplicaSet that nothing controls', () => {
    const world = new World();
    world.addOwner('ReplicaSet', 'web-abc');
    const labels = { 'pod-template-hash': 'abc' };
    assert.equal(
      keyOf(pod({ kind: 'ReplicaSet', name: 'web-abc' }, { labels }), world),
      'ReplicaSet/web-abc',
    );
  });

  it('takes a Pod for a bare one whose owner has a name that no model can hold', () => {
    const most = MODEL_LIMITS.workloadCharacters;
    const kind = 'Kind'.padEnd(200, 'd');
    const fits = { kind, name: 'n'.repeat(most - kind.length - 1) };
    assert.equal(keyOf(pod(fits)), `${fits.kind}/${fits.name}`);
    assert.match(keyOf(pod({ kind, name: `${fits.name}n` })), /^Pod\//);
    const world = new World();
    world.addOwner('ReplicaSet', 'web-1', { kind, name: 'n'.repeat(253) });
    assert.match(keyOf(pod({ kind: 'ReplicaSet', name: 'web-1' }), world), /^Pod\//);
  });

  const unknown: [string, { kind: string; name: string }, Record<string, string>, string][] = [
    [
      'takes the hash off an unknown ReplicaSet',
      { kind: 'ReplicaSet', name: 'my-app-58589fbfdb' },
      { 'pod-template-hash': '58589fbfdb' },
      'Deployment/my-app',
    ],
    [
      'knows the label of Argo Rollouts',
      { kind: 'ReplicaSet', name: 'my-app-7cf' },
      { 'rollouts-pod-template-hash': '7cf' },
      'Rollout/my-app',
    ],
    [
      'keeps an unknown ReplicaSet without the label',
      { kind: 'ReplicaSet', name: 'my-app-58589fbfdb' },
      {},
      'ReplicaSet/my-app-58589fbfdb',
    ],
    [
      'keeps an unknown ReplicaSet whose name does not end so',
      { kind: 'ReplicaSet', name: 'my-app' },
      { 'pod-template-hash': '58589fbfdb' },
      'ReplicaSet/my-app',
    ],
    [
      'does not strip to nothing',
      { kind: 'ReplicaSet', name: '-abc' },
      { 'pod-template-hash': 'abc' },
      'ReplicaSet/-abc',
    ],
    [
      'takes the time off an unknown Job',
      { kind: 'Job', name: 'backup-29387520' },
      {},
      'CronJob/backup',
    ],
    ['keeps a Job without a time', { kind: 'Job', name: 'migrate-2' }, {}, 'Job/migrate-2'],
    ['keeps a StatefulSet', { kind: 'StatefulSet', name: 'mongodb' }, {}, 'StatefulSet/mongodb'],
    ['keeps a custom controller', { kind: 'SparkApp', name: 'x' }, {}, 'SparkApp/x'],
  ];
  for (const [name, owner, labels, key] of unknown) {
    it(name, () => assert.equal(keyOf(pod(owner, { labels })), key));
  }

  it('follows a Job to its CronJob, and stops at one of its own', () => {
    const world = new World();
    world.addOwner('Job', 'odd', { kind: 'CronJob', name: 'backup' });
    world.addOwner('Job', 'once-29387520');
    assert.equal(keyOf(pod({ kind: 'Job', name: 'odd' }), world), 'CronJob/backup');
    assert.equal(keyOf(pod({ kind: 'Job', name: 'once-29387520' }), world), 'Job/once-29387520');
  });

  it('ends on a circle of owners', () => {
    const world = new World();
    world.addOwner('ReplicaSet', 'a', { kind: 'ReplicaSet', name: 'b' });
    world.addOwner('ReplicaSet', 'b', { kind: 'ReplicaSet', name: 'a' });
    assert.match(keyOf(pod({ kind: 'ReplicaSet', name: 'a' }), world), /^ReplicaSet\/[ab]$/);
  });

  it('names a bare Pod by itself or by the stem of its generated name', () => {
    assert.equal(keyOf(pod(undefined, { name: 'web' })), 'Pod/web');
    assert.equal(keyOf(pod(undefined, { generateName: 'gen-' })), 'Pod/gen');
    assert.equal(keyOf(pod(undefined, { name: 'gen-x7k2p', generateName: 'gen-' })), 'Pod/gen');
    assert.equal(keyOf(pod(undefined, { name: 'web', generateName: '' })), 'Pod/web');
  });

  it('takes an owner of a legal but awkward name', () => {
    const labels = { 'pod-template-hash': 'constructor' };
    assert.equal(
      keyOf(pod({ kind: 'constructor', name: '__proto__' }, { labels })),
      'constructor/__proto__',
    );
  });

  it('never takes the name of a tier', () => {
    assert.equal(keyOf(pod({ kind: 'Tier', name: 'data' }, { name: 'web' })), 'Pod/web');
    const world = new World();
    world.addOwner('ReplicaSet', 'r', { kind: 'Tier', name: 'data' });
    assert.equal(keyOf(pod({ kind: 'ReplicaSet', name: 'r' }, { name: 'web' }), world), 'Pod/web');
  });

  const recorded: [string, string][] = [
    ['deployment-pod-create', 'Deployment/frontend'],
    ['bare-pod-create', 'Pod/bare-2'],
    ['generate-name-with-required-affinity-create', 'Pod/gen'],
    ['statefulset-pod-create', 'StatefulSet/mongodb-geo'],
  ];
  for (const [name, key] of recorded) {
    it(`names the workload of ${name}`, () => {
      assert.equal(keyOf(incomingPod(parseReview(fixture(name)))), key);
    });
  }
});

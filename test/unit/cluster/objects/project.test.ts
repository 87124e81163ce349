// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { projectOwner } from '#cluster/objects/project-metadata.ts';
import {
  projectClaim,
  projectNamespace,
  projectNode,
  projectVolume,
} from '#cluster/objects/project.ts';

describe('projections', () => {
  it('keep of a Node what feasibility needs', () => {
    const raw = {
      metadata: { name: 'worker-1', labels: { zone: 'a' }, annotations: { long: 'text' } },
      spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule', timeAdded: 'x' }] },
      status: {
        allocatable: { cpu: '7910m', memory: '1Gi', pods: '110', 'ephemeral-storage': '1' },
        conditions: [
          { type: 'MemoryPressure', status: 'False' },
          { type: 'Ready', status: 'True' },
        ],
      },
    };
    assert.deepEqual(projectNode(raw), {
      name: 'worker-1',
      labels: { zone: 'a' },
      taints: [{ key: 'k', value: '', effect: 'NoSchedule' }],
      unschedulable: true,
      ready: true,
      allocatable: { cpuMillicores: 7910, memoryBytes: 2 ** 30, pods: 110 },
    });
  });

  it('do not take a Node for ready that does not say so', () => {
    assert.equal(projectNode({ metadata: { name: 'n' } }).ready, false);
    const unknown = { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    assert.equal(projectNode(unknown).ready, false);
  });

  it('survive objects of any shape', () => {
    const odd = {
      metadata: { name: 1, labels: [1], ownerReferences: 'x' },
      spec: null,
      status: [],
    };
    assert.deepEqual(projectNamespace(odd), { name: '', labels: {} });
    assert.equal(projectOwner('Job')(odd).owner, undefined);
    assert.equal(projectNode(odd).allocatable.cpuMillicores, 0);
    assert.deepEqual(projectClaim(odd), { namespace: '', name: '', volumeName: '' });
  });

  it('call an owner by the kind that was asked for', () => {
    const raw = {
      kind: 'PartialObjectMetadata',
      metadata: {
        namespace: 's',
        name: 'r',
        uid: 'u',
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'du', controller: true },
        ],
      },
    };
    assert.deepEqual(projectOwner('ReplicaSet')(raw), {
      kind: 'ReplicaSet',
      namespace: 's',
      name: 'r',
      uid: 'u',
      owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'du' },
    });
  });
});

describe('a projected volume', () => {
  const zone = (value: string) => ({
    key: 'topology.kubernetes.io/zone',
    operator: 'In',
    values: value.split('__'),
  });
  const volume = (labels: object, terms?: object[]) =>
    projectVolume({
      metadata: { name: 'v', labels },
      spec: terms === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: terms } } },
    }).nodeAffinity;

  it('is reachable from everywhere without affinity and zone', () => {
    assert.equal(volume({ other: 'label' }), undefined);
  });

  it('keeps its terms', () => {
    const terms = [
      { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
    ];
    assert.deepEqual(volume({}, terms), terms);
  });

  it('is bound to its zones', () => {
    assert.deepEqual(volume({ 'topology.kubernetes.io/zone': 'a__b' }), [
      { matchExpressions: [zone('a__b')] },
    ]);
    assert.deepEqual(volume({ 'failure-domain.beta.kubernetes.io/zone': 'a' }), [
      { matchExpressions: [zone('a')] },
    ]);
  });

  it('has the zone in every term, and an empty term still matches nothing', () => {
    const expression = { key: 'a', operator: 'Exists' };
    assert.deepEqual(
      volume({ 'topology.kubernetes.io/zone': 'a' }, [{ matchExpressions: [expression] }, {}]),
      [{ matchExpressions: [expression, zone('a')] }],
    );
  });
});

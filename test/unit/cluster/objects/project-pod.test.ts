// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdsResources, projectPod } from '#cluster/objects/project-pod.ts';

const RAW = {
  metadata: {
    uid: 'u1',
    namespace: 'shop',
    name: 'frontend-abc-1',
    generateName: 'frontend-abc-',
    labels: { app: 'frontend' },
    annotations: {
      'perihelion.dev/decision-id': 'd1',
      'prometheus.io/port': '9090',
      'kubectl.kubernetes.io/last-applied-configuration': 'long',
    },
    creationTimestamp: '2026-01-02T03:04:05Z',
    ownerReferences: [
      { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'x' },
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'frontend-abc',
        uid: 'rs1',
        controller: true,
      },
    ],
  },
  spec: {
    nodeName: 'worker-1',
    containers: [{ name: 'c', resources: { requests: { cpu: '100m', memory: '1Mi' } } }],
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: {
              matchExpressions: [{ key: 'app', operator: 'In', values: ['frontend'] }],
            },
            namespaceSelector: {},
          },
        ],
      },
    },
  },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-02T03:04:06Z' },
      { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:09Z' },
    ],
  },
};

describe('a projected Pod', () => {
  it('keeps what is in use and nothing else', () => {
    assert.deepEqual(projectPod(RAW), {
      uid: 'u1',
      namespace: 'shop',
      name: 'frontend-abc-1',
      generateName: 'frontend-abc-',
      labels: { app: 'frontend' },
      annotations: { 'perihelion.dev/decision-id': 'd1', 'prometheus.io/port': '9090' },
      owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'frontend-abc', uid: 'rs1' },
      nodeName: 'worker-1',
      podIP: '10.0.0.1',
      phase: 'Running',
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      boundAt: Date.UTC(2026, 0, 2, 3, 4, 6),
      readyAt: Date.UTC(2026, 0, 2, 3, 4, 9),
      deletedAt: undefined,
      requests: { cpuMillicores: 100, memoryBytes: 2 ** 20 },
      requiredAntiAffinity: [
        {
          topologyKey: 'kubernetes.io/hostname',
          labelSelector: {
            matchExpressions: [{ key: 'app', operator: 'In', values: ['frontend'] }],
          },
          namespaceSelector: {},
        },
      ],
    });
  });

  it('is neither bound nor ready while the conditions are not True', () => {
    const pod = projectPod({
      ...RAW,
      spec: {},
      status: {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', lastTransitionTime: '2026-01-02T03:04:06Z' },
          { type: 'Ready', status: 'Unknown', lastTransitionTime: '2026-01-02T03:04:06Z' },
        ],
      },
    });
    assert.equal(pod.boundAt, undefined);
    assert.equal(pod.readyAt, undefined);
    assert.equal(pod.nodeName, undefined);
    assert.equal(holdsResources(pod), false);
  });

  it('holds resources from binding to its end, also while it is being deleted', () => {
    const deletionTimestamp = '2026-01-02T04:00:00Z';
    const leaving = projectPod({ ...RAW, metadata: { ...RAW.metadata, deletionTimestamp } });
    assert.equal(leaving.deletedAt, Date.UTC(2026, 0, 2, 4));
    assert.equal(leaving.deletionGraceSeconds, undefined);
    const slow = { ...RAW.metadata, deletionTimestamp, deletionGracePeriodSeconds: 300 };
    assert.equal(projectPod({ ...RAW, metadata: slow }).deletionGraceSeconds, 300);
    assert.equal(holdsResources(leaving), true);
    assert.equal(holdsResources({ ...leaving, phase: 'Succeeded' }), false);
    assert.equal(holdsResources({ ...leaving, phase: 'Failed' }), false);
  });

  it('is refused without a creation time or with one that is no time', () => {
    assert.throws(() => projectPod({}), { code: 'PERI_KUBERNETES_OBJECT' });
    assert.throws(() => projectPod({ metadata: { creationTimestamp: 'soon' } }), {
      code: 'PERI_KUBERNETES_OBJECT',
    });
  });
});

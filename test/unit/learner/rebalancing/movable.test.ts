// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '#cluster/wire/json.ts';
import { immovable } from '#learner/rebalancing/movable.ts';

interface Parts {
  readonly annotations?: Record<string, string>;
  readonly owner?: JsonObject | null;
  readonly spec?: JsonObject;
  readonly metadata?: JsonObject;
  readonly phase?: string;
}

function pod({ annotations = {}, owner, spec = {}, metadata = {}, phase = 'Running' }: Parts = {}) {
  const controller = owner ?? { kind: 'ReplicaSet', name: 'web-1', uid: 'u', controller: true };
  return {
    metadata: {
      annotations,
      ...(owner === null ? {} : { ownerReferences: [controller] }),
      ...metadata,
    },
    spec: { containers: [{ name: 'web' }], ...spec },
    status: { phase },
  };
}

const data = { name: 'data', emptyDir: {} };
const mounting = [{ name: 'web', volumeMounts: [{ name: 'data', mountPath: '/data' }] }];

describe('immovable', () => {
  it('lets a Pod of a ReplicaSet or StatefulSet go', () => {
    assert.equal(immovable(pod()), undefined);
    assert.equal(immovable(pod({ owner: { kind: 'StatefulSet', controller: true } })), undefined);
  });

  it('keeps Pods that nobody makes again, or that are not running', () => {
    assert.equal(immovable(pod({ owner: null })), 'no-controller');
    const owner = { kind: 'ReplicaSet', name: 'web' };
    assert.equal(immovable(pod({ owner })), 'no-controller', 'an owner that is no controller');
    for (const kind of ['DaemonSet', 'Job', 'Node']) {
      assert.equal(immovable(pod({ owner: { kind, controller: true } })), 'controller-kind');
    }
    const mirror = { 'kubernetes.io/config.mirror': 'x' };
    assert.equal(immovable(pod({ annotations: mirror })), 'mirror-pod');
    assert.equal(immovable(pod({ phase: 'Pending' })), 'not-running');
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    assert.equal(immovable(pod({ metadata })), 'not-running');
  });

  it('keeps Pods with data on the node, and tells a sidecar from data', () => {
    const withData = { volumes: [data], containers: mounting };
    assert.equal(immovable(pod({ spec: withData })), 'local-storage');
    const host = { volumes: [{ name: 'data', hostPath: { path: '/x' } }], containers: mounting };
    assert.equal(immovable(pod({ spec: host })), 'local-storage');
    const memory = { name: 'data', emptyDir: { medium: 'Memory' } };
    assert.equal(immovable(pod({ spec: { volumes: [memory], containers: mounting } })), undefined);
    const sidecar = [{ name: 'istio-proxy', volumeMounts: [{ name: 'data', mountPath: '/d' }] }];
    const mesh = { volumes: [data], containers: [{ name: 'web' }, ...sidecar] };
    assert.equal(immovable(pod({ spec: mesh })), undefined);
    const both = { volumes: [data], containers: [...mounting, ...sidecar] };
    assert.equal(immovable(pod({ spec: both })), 'local-storage');
  });

  it('keeps Pods with claims, whatever they say of local data', () => {
    const annotations = { 'perihelion.dev/safe-to-evict': 'true' };
    const claim = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }] };
    assert.equal(immovable(pod({ spec: claim, annotations })), 'volume-claim');
    const ephemeral = { volumes: [{ name: 'data', ephemeral: {} }] };
    assert.equal(immovable(pod({ spec: ephemeral, annotations })), 'volume-claim');
  });

  it("honours what people told other tools, and one's word that data may go", () => {
    for (const [name, value] of [
      ['perihelion.dev/safe-to-evict', 'false'],
      ['cluster-autoscaler.kubernetes.io/safe-to-evict', 'false'],
      ['karpenter.sh/do-not-disrupt', 'true'],
      ['descheduler.alpha.kubernetes.io/prefer-no-eviction', ''],
    ] as const) {
      assert.equal(immovable(pod({ annotations: { [name]: value } })), 'opted-out', name);
    }
    const spec = { volumes: [data], containers: mounting };
    const annotations = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' };
    assert.equal(immovable(pod({ spec, annotations })), undefined);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podSkipReason, requestSkipReason, type Surroundings } from '#admission/pod/eligibility.ts';
import type { JsonObject } from '#admission/review/json.ts';
import { SKIP_REASONS, type SkipReason } from '#admission/review/reasons.ts';
import { parseReview } from '#admission/review/review.ts';
import { fixture, incoming, NAMESPACE, policyOf, rawPod, reviewOf } from '../world.ts';

const POD_KIND = { group: '', version: 'v1', kind: 'Pod' };
const OPTED_IN = { name: NAMESPACE, labels: { 'perihelion.dev/placement': 'enabled' } };

const AROUND: Surroundings = {
  ownNamespace: 'perihelion-system',
  schedulerName: 'default-scheduler',
  synced: true,
  namespace: OPTED_IN,
  policy: policyOf(),
};

function controlledBy(kind: string): JsonObject {
  return {
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'x', uid: 'x', controller: true }],
  };
}

describe('requestSkipReason', () => {
  const cases: [string, JsonObject, SkipReason | undefined][] = [
    ['a CREATE of a Pod', {}, undefined],
    [
      'another resource',
      { resource: { group: '', version: 'v1', resource: 'services' } },
      'not-a-pod',
    ],
    [
      'another kind under pods',
      { kind: { group: 'policy', version: 'v1', kind: 'Eviction' } },
      'not-a-pod',
    ],
    [
      'pods of another group',
      { resource: { group: 'metrics.k8s.io', version: 'v1', resource: 'pods' } },
      'not-a-pod',
    ],
    ['a missing resource', { resource: null }, 'not-a-pod'],
    ['ephemeral containers', { subResource: 'ephemeralcontainers' }, 'subresource'],
    ['a resize', { subResource: 'resize', operation: 'UPDATE' }, 'subresource'],
    ['an exec', { subResource: 'exec', operation: 'CONNECT', kind: POD_KIND }, 'subresource'],
    ['an UPDATE', { operation: 'UPDATE' }, 'not-create'],
    ['a DELETE', { operation: 'DELETE' }, 'not-create'],
    ['lower case', { operation: 'create' }, 'not-create'],
    ['no operation', { operation: undefined }, 'not-create'],
  ];
  for (const [name, request, reason] of cases) {
    it(`${name}: ${reason ?? 'eligible'}`, () => {
      assert.equal(requestSkipReason(parseReview(reviewOf(rawPod(), request))), reason);
    });
  }

  it('knows the recorded update', () => {
    assert.equal(requestSkipReason(parseReview(fixture('pod-update'))), 'not-create');
  });
});

describe('podSkipReason', () => {
  const cases: [string, JsonObject, JsonObject, Partial<Surroundings>, SkipReason | undefined][] = [
    ['a plain Pod', {}, {}, {}, undefined],
    ['a Pod of a ReplicaSet', {}, controlledBy('ReplicaSet'), {}, undefined],
    ['a Pod on the host network', { hostNetwork: true }, {}, {}, undefined],
    ['a mirror Pod', {}, { annotations: { 'kubernetes.io/config.mirror': 'x' } }, {}, 'mirror-pod'],
    ['a static Pod', {}, controlledBy('Node'), {}, 'static-pod'],
    ['a Pod of a DaemonSet', {}, controlledBy('DaemonSet'), {}, 'daemon-set'],
    [
      'a DaemonSet that does not control',
      {},
      { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'x', uid: 'x' }] },
      {},
      undefined,
    ],
    ['a Pod with a node', { nodeName: 'w1' }, {}, {}, 'node-name-set'],
    ['an empty node name', { nodeName: '' }, {}, {}, undefined],
    ['our own namespace', {}, {}, { ownNamespace: NAMESPACE }, 'own-namespace'],
    ['another scheduler', { schedulerName: 'volcano' }, {}, {}, 'other-scheduler'],
    ['no scheduler name', { schedulerName: undefined }, {}, {}, 'other-scheduler'],
    [
      'our scheduler by another name',
      { schedulerName: 'packing' },
      {},
      { schedulerName: 'packing' },
      undefined,
    ],
    [
      'an opt-out label',
      {},
      { labels: { 'perihelion.dev/placement': 'disabled' } },
      {},
      'opted-out',
    ],
    [
      'an opt-out annotation',
      {},
      { annotations: { 'perihelion.dev/placement': 'disabled' } },
      {},
      'opted-out',
    ],
    [
      'a label that beats the annotation',
      {},
      {
        labels: { 'perihelion.dev/placement': 'enabled' },
        annotations: { 'perihelion.dev/placement': 'disabled' },
      },
      {},
      undefined,
    ],
    [
      'an opt-out label beside an opt-in annotation',
      {},
      {
        labels: { 'perihelion.dev/placement': 'disabled' },
        annotations: { 'perihelion.dev/placement': 'enabled' },
      },
      {},
      'opted-out',
    ],
    ['views not ready', {}, {}, { synced: false }, 'not-synced'],
    [
      'views not ready and no namespace',
      {},
      {},
      { synced: false, namespace: undefined },
      'not-synced',
    ],
    ['an unknown namespace', {}, {}, { namespace: undefined }, 'namespace-not-opted-in'],
    [
      'a namespace without the label',
      {},
      {},
      { namespace: { name: NAMESPACE, labels: {} } },
      'namespace-not-opted-in',
    ],
    [
      'a namespace with another value',
      {},
      {},
      { namespace: { name: NAMESPACE, labels: { 'perihelion.dev/placement': 'true' } } },
      'namespace-not-opted-in',
    ],
    ['policy mode Off', {}, {}, { policy: policyOf({ mode: 'Off' }) }, 'policy-off'],
    ['policy mode Shadow', {}, {}, { policy: policyOf({ mode: 'Shadow' }) }, undefined],
  ];
  for (const [name, spec, metadata, around, reason] of cases) {
    it(`${name}: ${reason ?? 'eligible'}`, () => {
      assert.equal(podSkipReason(incoming(spec, metadata), { ...AROUND, ...around }), reason);
    });
  }

  it('kube-system: kube-system', () => {
    assert.equal(podSkipReason({ ...incoming(), namespace: 'kube-system' }, AROUND), 'kube-system');
  });
});

describe('SKIP_REASONS', () => {
  it('are words that a metric label can hold, each once', () => {
    assert.equal(new Set(SKIP_REASONS).size, SKIP_REASONS.length);
    for (const reason of SKIP_REASONS) assert.match(reason, /^[a-z]+(-[a-z]+)*$/);
  });
});

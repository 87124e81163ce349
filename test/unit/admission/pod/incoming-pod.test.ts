// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { incomingPod } from '#admission/pod/incoming-pod.ts';
import { parseReview } from '#admission/review/review.ts';
import { fixture, incoming, rawPod, reviewOf } from '../world.ts';

describe('incomingPod', () => {
  it('projects a recorded Pod', () => {
    const pod = incomingPod(parseReview(fixture('generate-name-with-required-affinity-create')));
    assert.equal(pod.name, '');
    assert.equal(pod.generateName, 'gen-');
    assert.equal(pod.schedulerName, 'default-scheduler');
    assert.deepEqual(pod.nodeSelector, { 'kubernetes.io/os': 'linux' });
    assert.deepEqual(pod.requiredNodeTerms, [
      { matchExpressions: [{ key: 'type', operator: 'In', values: ['kwok'] }] },
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['w1'] }] },
    ]);
    assert.deepEqual(pod.tolerations[0], {
      key: 'node.kubernetes.io/not-ready',
      operator: 'Exists',
      value: '',
      effect: 'NoExecute',
    });
    assert.deepEqual(pod.requests, { cpuMillicores: 0, memoryBytes: 0 });
  });

  it('finds the owner that controls', () => {
    const pod = incomingPod(parseReview(fixture('deployment-pod-create')));
    assert.equal(pod.owner?.name, 'frontend-58589fbfdb');
    assert.equal(pod.requests.cpuMillicores, 100);
  });

  it('tells no affinity rule from a rule without terms', () => {
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    const withRule = (rule: unknown) =>
      incoming({ affinity: { nodeAffinity: { [required]: rule } } }).requiredNodeTerms;
    assert.equal(incoming().requiredNodeTerms, undefined);
    assert.equal(incoming({ affinity: null }).requiredNodeTerms, undefined);
    assert.equal(withRule(null), undefined);
    assert.deepEqual(withRule({ nodeSelectorTerms: [] }), []);
    assert.deepEqual(withRule({ nodeSelectorTerms: null }), []);
  });

  it('reads fields of a wrong type as missing', () => {
    const spec = {
      containers: 'x',
      tolerations: [null, 'x', { key: 5 }],
      nodeSelector: ['x'],
      volumes: [{ persistentVolumeClaim: { claimName: 3 } }, null],
      nodeName: 7,
      affinity: { podAffinity: [], podAntiAffinity: { x: 1 } },
    };
    const pod = incoming(spec, { labels: { a: 1, b: 'c' }, annotations: 'x', ownerReferences: {} });
    assert.deepEqual(pod.labels, { b: 'c' });
    assert.deepEqual(pod.annotations, {});
    assert.deepEqual(pod.tolerations, [{ key: '', operator: '', value: '', effect: '' }]);
    assert.deepEqual(pod.nodeSelector, {});
    assert.deepEqual(pod.claims, []);
    assert.equal(pod.nodeName, undefined);
    assert.equal(pod.owner, undefined);
    assert.deepEqual(pod.requiredAffinity, []);
  });

  it('takes no name that no object can have', () => {
    const long = 'n'.repeat(254);
    const owner = { kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true };
    const odd = [
      { name: long },
      { generateName: long },
      { ownerReferences: [{ ...owner, name: long }] },
      { ownerReferences: [{ ...owner, kind: long }] },
      { ownerReferences: [{ ...owner, uid: long }] },
    ];
    for (const metadata of odd) {
      assert.throws(() => incoming({}, metadata), { code: 'PERI_REVIEW_MALFORMED' });
    }
    assert.equal(incoming({}, { name: long.slice(1) }).name.length, 253);
  });

  it('names each claim once', () => {
    const volume = { persistentVolumeClaim: { claimName: 'data' } };
    assert.deepEqual(incoming({ volumes: [volume, volume] }).claims, ['data']);
  });

  it('takes the namespace from the request', () => {
    const review = reviewOf(rawPod({}, { namespace: 'other' }));
    assert.equal(incomingPod(parseReview(review)).namespace, 'hotel-res');
  });
});

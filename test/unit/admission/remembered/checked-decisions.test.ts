// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CheckedDecisions } from '#admission/remembered/checked-decisions.ts';
import { annotationsOf, readDecision } from '#cluster/decision/codec.ts';
import { DECISION_ANNOTATIONS, SIGNATURE_ANNOTATION } from '#cluster/decision/annotations.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { KEY, NAMESPACE, slimPod, START } from '../world.ts';

const LIMITS = { pods: 3, lifetimeMilliseconds: 1000 };
const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'rs-1' };

function decided(name: string, overrides: Partial<SlimPod> = {}): SlimPod {
  const record = {
    id: `d-${name}`,
    decidedAt: START,
    workload: 'Deployment/web',
    tier: 'business',
    state: 'all',
    action: 'w1',
    propensity: 1,
    holdout: false,
    policy: 'default@3',
    modelVersion: 1,
  } as const;
  const subject = subjectOf({ namespace: NAMESPACE, owner: OWNER });
  const annotations = annotationsOf(record, subject, KEY);
  return slimPod(name, { annotations, owner: OWNER, ...overrides });
}

describe('checked decisions', () => {
  it('are what the signature says, and the same object while nothing of it changes', () => {
    const checked = new CheckedDecisions([KEY], LIMITS);
    const pod = decided('a');
    const first = checked.read(pod, 0);
    assert.equal(first.kind, 'valid');
    const later = { ...pod, annotations: { ...pod.annotations }, nodeName: 'w1', phase: 'Running' };
    assert.equal(checked.read(later, 1), first);
  });

  it('are checked again when an annotation changes, comes or goes, or the subject changes', () => {
    const checked = new CheckedDecisions([KEY], LIMITS);
    const pod = decided('a');
    const { [SIGNATURE_ANNOTATION]: signature = '', ...unsigned } = pod.annotations;
    const { [DECISION_ANNOTATIONS.state]: state, ...stateless } = pod.annotations;
    assert.equal(state, 'all');
    const changed: Partial<SlimPod>[] = [
      { annotations: { ...pod.annotations, [DECISION_ANNOTATIONS.action]: 'w2' } },
      { annotations: unsigned },
      { annotations: stateless },
      { annotations: { ...unsigned, [SIGNATURE_ANNOTATION]: signature.replace(/^./, '_') } },
      { annotations: { ...stateless, [`${DECISION_ANNOTATIONS.state}-2`]: 'all' } },
      { owner: { ...OWNER, uid: 'rs-2' } },
      { namespace: 'elsewhere' },
      { owner: undefined },
    ];
    for (const change of changed) {
      assert.equal(checked.read(pod, 0).kind, 'valid');
      const other = { ...pod, ...change };
      const reading = checked.read(other, 0);
      assert.equal(reading.kind, 'forged', JSON.stringify(change));
      assert.deepEqual(reading, readDecision(other.annotations, subjectOf(other), [KEY]));
    }
    assert.equal(checked.read(pod, 0).kind, 'valid');
  });

  it('stay refused when they were forged from the start, and become valid when mended', () => {
    const checked = new CheckedDecisions([KEY], LIMITS);
    const pod = decided('a');
    const forged = {
      ...pod,
      annotations: { ...pod.annotations, [DECISION_ANNOTATIONS.action]: 'w9' },
    };
    assert.equal(checked.read(forged, 0).kind, 'forged');
    assert.equal(checked.read({ ...forged, nodeName: 'w1' }, 0).kind, 'forged');
    assert.equal(checked.read(pod, 0).kind, 'valid');
  });

  it('are not another Pod of the same name', () => {
    const checked = new CheckedDecisions([KEY], LIMITS);
    const pod = decided('a', { uid: 'first' });
    checked.read(pod, 0);
    checked.read({ ...pod, uid: 'second' }, 0);
    assert.equal(checked.size, 2);
  });

  it('are forgotten with their Pod, after their time and beyond their number', () => {
    const checked = new CheckedDecisions([KEY], LIMITS);
    const pod = decided('a');
    checked.read(pod, 0);
    checked.forget(pod);
    assert.equal(checked.size, 0);
    for (const name of ['a', 'b', 'c', 'd']) checked.read(decided(name), 0);
    assert.equal(checked.size, 3);
    checked.read(decided('e'), 1001);
    assert.equal(checked.size, 1);
  });
});

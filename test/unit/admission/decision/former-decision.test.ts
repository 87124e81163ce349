// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { formerDecision, YOUNG_MILLISECONDS } from '#admission/decision/former-decision.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import { preferredTerm, PREFERRED } from '#admission/patch/merge.ts';
import { RecentIds } from '#admission/remembered/recent-ids.ts';
import { incoming, KEY, NAMESPACE, START } from '../world.ts';

const KEY_LABEL = 'kubernetes.io/hostname';
const TARGET = { topologyKey: KEY_LABEL, value: 'w1' };

const RECORD: DecisionRecord = {
  id: 'd-1',
  decidedAt: START,
  workload: 'Pod/web',
  tier: 'business',
  state: 'all',
  action: 'w1',
  propensity: 0.9,
  holdout: false,
  policy: 'default@3',
  modelVersion: 7,
};

function decided(
  record: Partial<DecisionRecord> = {},
  options: { term?: boolean; key?: string; name?: string } = {},
): IncomingPod {
  const { term = true, key = KEY, name = 'web' } = options;
  const annotations = annotationsOf(
    { ...RECORD, ...record },
    subjectOf({ namespace: NAMESPACE, name: 'web' }),
    key,
  );
  const affinity = { nodeAffinity: { [PREFERRED]: [preferredTerm(TARGET, 100)] } };
  return incoming(term ? { affinity } : {}, { name, annotations });
}

function judge(pod: IncomingPod, taken: readonly string[] = []) {
  const ids = new RecentIds({ entries: 10, lifetimeMilliseconds: 60_000 });
  for (const id of taken) ids.add(id, START);
  return formerDecision({
    pod,
    topologyKey: KEY_LABEL,
    keys: [KEY],
    taken: ids,
    now: START + 1000,
  });
}

describe('formerDecision', () => {
  it('finds none on a plain Pod', () => {
    assert.deepEqual(judge(incoming()), { kind: 'absent' });
  });

  it('lets a Shadow decision stand without a term, which it never had', () => {
    const reading = judge(decided({ shadow: true }, { term: false }));
    assert.deepEqual(reading, { kind: 'standing', record: { ...RECORD, shadow: true } });
    const stale = decided({ shadow: true, decidedAt: START - 2 * YOUNG_MILLISECONDS });
    assert.deepEqual(judge(stale), {
      kind: 'replaced',
      reason: 'stale',
      target: undefined,
      required: false,
    });
  });

  it('lets an own, young, complete decision stand', () => {
    assert.deepEqual(judge(decided()), { kind: 'standing', record: RECORD });
  });

  it('needs no term for the default action', () => {
    const record = { action: '(default)' };
    assert.equal(judge(decided(record, { term: false })).kind, 'standing');
  });

  it('replaces one whose term is gone', () => {
    assert.deepEqual(judge(decided({}, { term: false })), {
      kind: 'replaced',
      reason: 'incomplete',
      target: TARGET,
      required: false,
    });
  });

  it('replaces one that is too old, or from the future', () => {
    const edge = START + 1000 - YOUNG_MILLISECONDS;
    assert.equal(judge(decided({ decidedAt: edge })).kind, 'standing');
    const stale = { kind: 'replaced', reason: 'stale', target: TARGET, required: false };
    assert.deepEqual(judge(decided({ decidedAt: edge - 1 })), stale);
    assert.deepEqual(judge(decided({ decidedAt: START + 60_000 })), stale);
  });

  it('replaces one that another Pod has already', () => {
    assert.deepEqual(judge(decided(), ['d-1']), {
      kind: 'replaced',
      reason: 'copied',
      target: TARGET,
      required: false,
    });
  });

  it('replaces one of another key, another Pod, or with a changed field', () => {
    const forged = { kind: 'replaced', reason: 'forged', target: TARGET, required: false };
    assert.deepEqual(judge(decided({}, { key: 'another key' })), forged);
    assert.deepEqual(judge(decided({}, { name: 'copy' })), forged);
    const pod = decided();
    const annotations = { ...pod.annotations, 'perihelion.dev/propensity': '1' };
    assert.deepEqual(judge({ ...pod, annotations }), forged);
  });

  it('claims no target where the forged annotation names none', () => {
    const annotations = { 'perihelion.dev/decision-id': 'x' };
    assert.deepEqual(judge(incoming({}, { annotations })), {
      kind: 'replaced',
      reason: 'forged',
      target: undefined,
      required: false,
    });
  });
});

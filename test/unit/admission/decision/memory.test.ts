// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import { Memory } from '#admission/decision/memory.ts';
import { KEY, NAMESPACE, slimPod, START, World } from '../world.ts';

const KEY_LABEL = 'kubernetes.io/hostname';

function make(): { memory: Memory; pods: () => number; world: World } {
  const world = new World();
  const memory = new Memory({
    view: world.view,
    policies: world.policies,
    keys: [KEY],
    now: () => world.now,
  });
  return { memory, world, pods: () => memory.inFlight.load(KEY_LABEL, 'w1', world.now).pods };
}

function decided(
  overrides: Partial<SlimPod> = {},
  action = 'w1',
  key = KEY,
  mark: { shadow?: true; explored?: true; id?: string } = {},
): SlimPod {
  const annotations = annotationsOf(
    {
      id: 'd-1',
      decidedAt: START,
      workload: 'Pod/web',
      tier: 'business',
      state: 'all',
      action,
      propensity: 1,
      holdout: false,
      policy: 'default@3',
      modelVersion: 1,
      ...mark,
    },
    subjectOf({ namespace: NAMESPACE, name: 'web' }),
    key,
  );
  return slimPod('web', { annotations, ...overrides });
}

describe('Memory', () => {
  it('counts in the budget what other replicas took to learn, also before it was started', () => {
    const { memory, world } = make();
    const left = (): boolean => memory.budget.allows(NAMESPACE, 2, world.now);
    memory.podSeen(decided({}, 'w1', KEY, { explored: true }));
    memory.podSeen(decided({ nodeName: 'w1' }, 'w1', KEY, { explored: true }));
    assert.equal(left(), true, 'one Pod is counted once');
    world.now += 10 * 60_000;
    const old = decided({ nodeName: 'w1' }, 'w1', KEY, { explored: true, id: 'd-2' });
    memory.podSeen(old);
    assert.equal(left(), false, 'of the hour, not of the minute');
    world.now += 60 * 60_000;
    memory.podSeen(old);
    assert.equal(left(), true, 'and of no other hour');
  });

  it('counts nothing in the budget that is not marked, or not by us', () => {
    const { memory, world } = make();
    memory.podSeen(decided());
    memory.podSeen(decided({}, 'w1', 'another key', { explored: true, id: 'd-3' }));
    const plain = decided({}, 'w1', KEY, { id: 'd-4' });
    const annotations = { ...plain.annotations, 'perihelion.dev/explored': 'true' };
    memory.podSeen({ ...plain, annotations });
    assert.equal(memory.budget.allows(NAMESPACE, 1, world.now), true);
  });

  it('counts an unbound Pod of another replica until it is bound', () => {
    const { memory, pods } = make();
    memory.podSeen(decided());
    assert.equal(pods(), 1);
    memory.podSeen(decided());
    assert.equal(pods(), 1);
    memory.podSeen(decided({ nodeName: 'w2' }));
    assert.equal(pods(), 0);
  });

  it('checks a decision again when its Pod comes with other annotations, or another owner', () => {
    const { memory, world } = make();
    const loadOf = (target: string): number =>
      memory.inFlight.load(KEY_LABEL, target, world.now).pods;
    const pod = decided();
    const action = 'perihelion.dev/action';
    memory.podSeen({ ...pod, annotations: { ...pod.annotations, [action]: 'w2' } });
    assert.deepEqual([loadOf('w1'), loadOf('w2')], [0, 0]);
    memory.podSeen(pod);
    assert.deepEqual([loadOf('w1'), loadOf('w2')], [1, 0]);
    memory.podGone(pod);
    memory.podSeen({ ...pod, annotations: { ...pod.annotations, [action]: 'w2' } });
    assert.deepEqual([loadOf('w1'), loadOf('w2')], [0, 0]);
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'rs-1' };
    memory.podSeen({ ...pod, owner });
    assert.equal(loadOf('w1'), 0);
  });

  it('does not count a Shadow decision, which says nothing of where its Pod will go', () => {
    const { memory, pods } = make();
    memory.podSeen(decided({}, 'w1', KEY, { shadow: true }));
    assert.equal(pods(), 0);
    assert.equal(memory.trials.since(NAMESPACE, 'Pod/web', 0, START), 0);
  });

  it('counts trials of every replica, bound or not, until their Pods go', () => {
    const { memory } = make();
    const trials = (): number => memory.trials.since(NAMESPACE, 'Pod/web', START, START);
    memory.podSeen(decided());
    memory.podSeen(decided({ nodeName: 'w1' }));
    assert.equal(trials(), 1);
    const annotations = {
      [DECISION_ANNOTATIONS.id]: 'd-1',
      [DECISION_ANNOTATIONS.workload]: 'Pod/web',
    };
    memory.podGone(slimPod('copy', { uid: 'uid-of-the-copy', annotations }));
    assert.equal(trials(), 1, 'who deletes a copy gets no other Pod sent on trial');
    memory.podGone(decided({ nodeName: 'w1' }));
    assert.equal(trials(), 0);
  });

  it('stops counting a Pod that is deleted', () => {
    const { memory, pods } = make();
    memory.podSeen(decided());
    memory.podGone(decided());
    assert.equal(pods(), 0);
    memory.podSeen(decided());
    memory.podSeen(decided({ deletedAt: START }));
    assert.equal(pods(), 0);
  });

  it('counts nothing for the default action, a forged decision or none', () => {
    const { memory, pods } = make();
    memory.podSeen(decided({}, '(default)'));
    memory.podSeen(decided({}, 'w1', 'another key'));
    memory.podSeen(slimPod('plain'));
    assert.equal(pods(), 0);
    assert.equal(memory.inFlight.size, 0);
  });

  it('remembers which decisions have their Pod', () => {
    const { memory } = make();
    assert.equal(memory.taken.has('d-1', START), false);
    memory.podSeen(decided({ nodeName: 'w1' }));
    assert.equal(memory.taken.has('d-1', START), true);
  });

  it('does not take in old Pods, and lets go of what waited too long', () => {
    const { memory, pods, world } = make();
    memory.podSeen(decided());
    world.now = START + 60_001;
    memory.podSeen(decided());
    assert.equal(pods(), 0);
    assert.equal(memory.taken.has('d-1', START + 60_001), true);
    const fresh = make();
    fresh.world.now = START + 3_600_000;
    fresh.memory.podSeen(decided());
    assert.equal(fresh.memory.inFlight.size, 0);
    assert.equal(fresh.memory.taken.has('d-1', fresh.world.now), false);
  });
});

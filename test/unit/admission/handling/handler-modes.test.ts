// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '#admission/review/json.ts';
import { preferredTermsOf } from '#admission/patch/merge.ts';
import { readDecision } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import { applied, eager } from './handler-rig.ts';
import {
  answer,
  fixture,
  KEY,
  NAMESPACE,
  node,
  observationOf,
  patchOf,
  policyOf,
  rawPod,
  reviewOf,
  START,
  stored,
  type World,
} from '../world.ts';

describe('AdmissionHandler: dry run and modes', () => {
  it('patches a dry run and leaves no trace but a flagged line', async () => {
    const world = eager();
    const admission = world.admission();
    const { response } = answer(admission, fixture('dry-run-create'));
    assert.notEqual(response.patch, undefined);
    assert.equal(world.admissions[0]?.outcome, 'dry-run');
    assert.equal(world.admissions[0].dryRun, true);
    assert.equal(await world.metric('perihelion_pending_placements'), 0);
    assert.equal(
      await world.metric('perihelion_decisions_total', { action_kind: 'target', reason: 'greedy' }),
      0,
    );
    const dry = patchOf({ response } as never);
    const real = patchOf(
      answer(admission, {
        ...fixture('dry-run-create'),
        request: { ...fixture('dry-run-create').request, dryRun: false },
      }),
    );
    const paths = (ops: JsonObject[] | undefined) => ops?.map((one) => one['path']);
    assert.deepEqual(paths(dry), paths(real));
  });

  it('decides and logs in Shadow, and leaves nothing on the Pod but annotations', async () => {
    const world = eager();
    world.policy = policyOf({ ...world.policy.spec, mode: 'Shadow' });
    const review = answer(world.admission(), reviewOf(rawPod()));
    const patch = patchOf(review);
    assert.deepEqual(
      patch?.map(({ path }) => path),
      ['/metadata/annotations'],
    );
    const annotations = patch[0]?.['value'] as Record<string, string>;
    const reading = readDecision(
      annotations,
      subjectOf({ namespace: NAMESPACE, name: 'web' }),
      KEY,
    );
    assert.ok(reading.kind === 'valid');
    assert.deepEqual([reading.record.action, reading.record.shadow], ['w1', true]);
    const [entry] = world.admissions;
    assert.equal(entry?.outcome, 'skipped');
    assert.equal(entry.reason, 'shadow');
    assert.equal(entry.decision?.action, 'w1');
    assert.deepEqual(entry.patch, patch);
    assert.equal(await world.metric('perihelion_pending_placements'), 0);
    assert.equal(await world.metric('perihelion_admission_skipped_total', { reason: 'shadow' }), 1);
  });

  it('takes the mark of an old Shadow decision off a Pod that is placed anew', () => {
    const world = eager();
    world.policy = policyOf({ ...world.policy.spec, mode: 'Shadow' });
    const shadow = patchOf(answer(world.admission(), reviewOf(rawPod())));
    const annotations = shadow?.[0]?.['value'] as Record<string, string>;
    world.policy = policyOf({ ...world.policy.spec, mode: 'Prefer' });
    world.now += 3_600_000;
    world.observation = observationOf({ w1: 'healthy' }, { observedAt: world.now });
    const raw = rawPod({}, { annotations });
    const patch = patchOf(
      answer(world.admission({ registry: world.otherRegistry() }), reviewOf(raw)),
    );
    const after = applied(raw, patch)['metadata'] as { annotations: Record<string, string> };
    const subject = subjectOf({ namespace: NAMESPACE, name: 'web' });
    const reading = readDecision(after.annotations, subject, KEY);
    assert.ok(reading.kind === 'valid');
    assert.equal(reading.record.shadow, undefined);
    assert.equal(reading.record.action, 'w1');
  });

  it('leaves Pods alone with a counted reason', async () => {
    const world = eager();
    const admission = world.admission();
    const review = answer(admission, fixture('pod-update'));
    assert.deepEqual(review.response, {
      uid: fixture('pod-update').request['uid'],
      allowed: true,
      auditAnnotations: { outcome: 'skipped', reason: 'not-create' },
    });
    world.synced = false;
    answer(admission, reviewOf(rawPod()));
    for (const reason of ['not-create', 'not-synced']) {
      assert.equal(await world.metric('perihelion_admission_skipped_total', { reason }), 1);
    }
    assert.deepEqual(
      world.admissions.map((entry) => [entry.outcome, entry.reason, entry.decision]),
      [
        ['skipped', 'not-create', undefined],
        ['skipped', 'not-synced', undefined],
      ],
    );
  });
});

describe('AdmissionHandler: a Pod that was decided before', () => {
  function patchedOnce(world: World): {
    admission: ReturnType<World['admission']>;
    pod: JsonObject;
  } {
    const admission = world.admission();
    const first = answer(admission, reviewOf(rawPod()));
    return { admission, pod: applied(rawPod(), patchOf(first)) };
  }

  it('is left alone on a second pass', () => {
    const world = eager();
    const { admission, pod } = patchedOnce(world);
    const second = answer(admission, reviewOf(pod, { uid: 'u-2' }));
    assert.equal(patchOf(second), undefined);
    assert.equal(world.admissions[1]?.reason, 'already-decided');
  });

  it('is decided anew when the decision is old, and carries one term of ours', async () => {
    const world = eager();
    const { admission, pod } = patchedOnce(world);
    world.now = START + 3_600_000;
    world.observation = observationOf({ w1: 'healthy' }, { observedAt: world.now });
    const again = applied(pod, patchOf(answer(admission, reviewOf(pod))));
    assert.equal(preferredTermsOf(again).length, 1);
    assert.equal(stored(again).annotations['perihelion.dev/decision-id'], 'decision-2');
    assert.equal(await world.metric('perihelion_decisions_replaced_total', { reason: 'stale' }), 1);
  });

  it('is decided anew when its decision has a Pod already', async () => {
    const world = eager();
    const { admission, pod } = patchedOnce(world);
    admission.podSeen(stored(pod, { nodeName: 'w1' }));
    const again = applied(pod, patchOf(answer(admission, reviewOf(pod))));
    assert.equal(stored(again).annotations['perihelion.dev/decision-id'], 'decision-2');
    assert.equal(
      await world.metric('perihelion_decisions_replaced_total', { reason: 'copied' }),
      1,
    );
  });

  it('is decided anew under another name, with the old term gone', async () => {
    const world = eager([node('w1'), node('w2')]);
    world.observation = observationOf({ w1: 'healthy' });
    const { admission, pod } = patchedOnce(world);
    world.observation = observationOf({ w2: 'healthy' });
    const copy = { ...pod, metadata: { ...(pod['metadata'] as JsonObject), name: 'copy' } };
    const again = applied(copy, patchOf(answer(admission, reviewOf(copy))));
    assert.deepEqual(
      preferredTermsOf(again).map((term) => JSON.stringify(term).includes('"w2"')),
      [true],
    );
    assert.equal(
      await world.metric('perihelion_decisions_replaced_total', { reason: 'forged' }),
      1,
    );
  });

  it('frees its target when it is bound or deleted', async () => {
    const world = eager();
    const { admission, pod } = patchedOnce(world);
    assert.equal(await world.metric('perihelion_pending_placements'), 1);
    admission.podSeen(stored(pod));
    assert.equal(await world.metric('perihelion_pending_placements'), 1);
    admission.podSeen(stored(pod, { nodeName: 'w1' }));
    assert.equal(await world.metric('perihelion_pending_placements'), 0);
    answer(admission, reviewOf(rawPod()));
    assert.equal(await world.metric('perihelion_pending_placements'), 1);
  });
});

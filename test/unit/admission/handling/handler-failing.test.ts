// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deadline } from '#admission/server/deadline.ts';
import { eager } from './handler-rig.ts';
import { answer, rawPod, reviewOf, type World } from '../world.ts';

describe('AdmissionHandler: failing', () => {
  function failing(overrides: Parameters<World['admission']>[0], world = eager()) {
    const review = answer(world.admission(overrides), reviewOf(rawPod()));
    return { world, review };
  }
  const boom = (): never => {
    throw new TypeError('secret detail');
  };

  const broken: [string, Parameters<World['admission']>[0]][] = [
    ['policies', { policies: { policyFor: boom } }],
    ['models', { models: { shard: boom, observation: boom } }],
    ['the clock', { now: boom }],
    ['ids', { newId: boom }],
    ['the audit log', { audit: { write: boom } }],
    ['the signing key', { decisionKey: '' }],
  ];
  for (const [name, overrides] of broken) {
    it(`allows without a patch when ${name} fail`, async () => {
      const { world, review } = failing(overrides);
      assert.equal(review.response.allowed, true);
      assert.equal(review.response.uid, 'u-1');
      assert.equal(review.response.patch, undefined);
      assert.equal(review.response.warnings?.length, 1);
      assert.equal(
        await world.metric('perihelion_admission_requests_total', { outcome: 'failed' }),
        1,
      );
      assert.equal(
        await world.metric('perihelion_admission_failed_total', { reason: 'internal' }),
        1,
      );
      assert.equal(await world.metric('perihelion_pending_placements'), 0);
      assert.doesNotMatch(world.logs.join(''), /secret detail/);
      assert.match(world.logs.join(''), /admission failed/);
    });
  }

  it('allows without a patch when the time is up, at any point', async () => {
    let most = 0;
    for (let looks = 0; looks < 6; looks += 1) {
      const world = eager();
      let left = looks;
      const review = world.admission().handler.answer({
        body: reviewOf(rawPod()),
        bodyBytes: 100,
        deadline: new Deadline(() => (left-- > 0 ? 0 : 2), 1),
        arrivedAt: 0,
      });
      if (review.response.patch !== undefined) continue;
      most = looks;
      assert.equal(world.admissions[0]?.reason, 'deadline');
      assert.equal(world.admissions[0].outcome, 'failed');
      assert.equal(await world.metric('perihelion_admission_deadline_total'), 1);
      assert.equal(await world.metric('perihelion_pending_placements'), 0);
    }
    assert.ok(most >= 2, 'the clock is looked at more than once');
  });

  it('sends no patch that it cannot prove', async () => {
    const world = eager();
    const review = answer(world.admission(), reviewOf(rawPod({ affinity: 'odd' })));
    assert.equal(review.response.patch, undefined);
    assert.match(review.response.warnings?.[0] ?? '', /PERI_PATCH_UNSAFE/);
    assert.equal(await world.metric('perihelion_patch_rejected_total'), 1);
    assert.equal(world.admissions[0]?.reason, 'patch-unsafe');
    assert.equal(await world.metric('perihelion_pending_placements'), 0);
  });

  const unreadable: [string, unknown][] = [
    ['null', null],
    ['text', 'x'],
    ['a list', []],
    ['without a spec', { metadata: {} }],
    ['without metadata', { spec: {} }],
    [
      'with a quantity that is none',
      rawPod({ containers: [{ resources: { requests: { cpu: 'x' } } }] }),
    ],
  ];
  for (const [name, object] of unreadable) {
    it(`allows an object that is ${name}`, async () => {
      const world = eager();
      const { response } = answer(world.admission(), reviewOf(object));
      assert.equal(response.allowed, true);
      assert.equal(response.patch, undefined);
      assert.equal(
        await world.metric('perihelion_admission_failed_total', { reason: 'unreadable-pod' }),
        1,
      );
    });
  }

  it('counts a body that is no review, and throws', async () => {
    const world = eager();
    assert.throws(() => answer(world.admission(), {}), /not an AdmissionReview/);
    assert.equal(
      await world.metric('perihelion_admission_requests_total', { outcome: 'malformed' }),
      1,
    );
  });

  it('never logs or audits what is in the Pod', () => {
    const world = eager();
    const spec = {
      containers: [{ name: 'a', image: 'i', env: [{ name: 'TOKEN', value: 'hunter2' }] }],
      affinity: 'odd',
    };
    answer(world.admission(), reviewOf(rawPod(spec)));
    answer(
      world.admission({ registry: world.otherRegistry() }),
      reviewOf(rawPod({ ...spec, affinity: null })),
    );
    assert.equal(world.admissions.length, 2);
    assert.doesNotMatch(world.logs.join('') + JSON.stringify(world.entries), /hunter2|TOKEN/);
  });
});

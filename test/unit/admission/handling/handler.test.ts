// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '#admission/review/json.ts';
import { PREFERRED, preferredTermsOf } from '#admission/patch/merge.ts';
import { parseReview } from '#admission/review/review.ts';
import { readDecision } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import { applied, CREATES, eager, objectOf } from './handler-rig.ts';
import {
  answer,
  fixture,
  KEY,
  NAMESPACE,
  node,
  patchOf,
  policyOf,
  rawPod,
  reviewOf,
  shardOf,
  stored,
} from '../world.ts';

describe('AdmissionHandler: injecting', () => {
  for (const name of CREATES) {
    it(`prefers a target for ${name}`, async () => {
      const world = eager();
      const body = fixture(name);
      const { response } = answer(world.admission(), body);
      assert.equal(response.allowed, true);
      assert.equal(response.uid, body.request['uid']);
      assert.equal(response.patchType, 'JSONPatch');
      assert.equal(response.warnings, undefined);
      const pod = applied(objectOf(body), patchOf({ response } as never));
      assert.deepEqual(preferredTermsOf(pod), [
        {
          weight: 100,
          preference: {
            matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['w1'] }],
          },
        },
      ]);
      const slim = stored(pod);
      const reading = readDecision(slim.annotations, subjectOf(slim), KEY);
      assert.equal(reading.kind, 'valid');
      assert.equal('record' in reading ? reading.record.action : undefined, 'w1');
      const [entry] = world.admissions;
      assert.equal(entry?.outcome, 'injected');
      assert.equal(entry.requestUid, body.request['uid']);
      assert.deepEqual(entry.patch, patchOf({ response } as never));
      assert.equal(
        await world.metric('perihelion_admission_requests_total', { outcome: 'injected' }),
        1,
      );
      assert.equal(
        await world.metric('perihelion_decisions_total', {
          action_kind: 'target',
          reason: 'greedy',
        }),
        1,
      );
      assert.equal(await world.metric('perihelion_pending_placements'), 1);
    });
  }

  it('says in the audit annotations what it did', () => {
    const { response } = answer(eager().admission(), fixture('deployment-pod-create'));
    assert.deepEqual(response.auditAnnotations, {
      outcome: 'injected',
      reason: 'greedy',
      'decision-id': 'decision-1',
      workload: 'Deployment/frontend',
      state: 'load=unknown,least=w1,peers=(none)',
      action: 'w1',
    });
  });

  it('only remembers the decision where the default is taken', () => {
    const world = eager();
    world.policy = policyOf({ holdoutPercent: 100, learning: world.policy.spec.learning });
    const review = answer(world.admission(), reviewOf(rawPod()));
    const operations = patchOf(review) ?? [];
    assert.deepEqual(
      operations.map((one) => one['path']),
      ['/metadata/annotations'],
    );
    assert.equal((operations[0]?.['value'] as JsonObject)['perihelion.dev/holdout'], 'true');
    assert.equal(world.admissions[0]?.reason, 'holdout');
  });

  it('spreads a burst instead of herding', () => {
    const allocatable = { cpuMillicores: 1000, memoryBytes: 2 ** 30, pods: 110 };
    const world = eager([node('w1', { allocatable }), node('w2', { allocatable })]);
    const admission = world.admission();
    const row = { w1: { value: 5, weight: 9 }, w2: { value: 1, weight: 9 } };
    const states = ['w1', 'w2', '(none)'].map(
      (least) => `load=unknown,least=${least},peers=(none)`,
    );
    world.shards.set(
      'Pod/web',
      shardOf({ cells: Object.fromEntries(states.map((s) => [s, row])) }),
    );
    const taken = Array.from({ length: 20 }, () => {
      const pod = rawPod({}, { generateName: 'web-', name: undefined });
      return answer(admission, reviewOf(pod)).response.auditAnnotations?.['action'];
    });
    assert.deepEqual(taken.slice(0, 10), Array(10).fill('w1'));
    assert.deepEqual(taken.slice(10), Array(10).fill('w2'));
    const full = answer(admission, reviewOf(rawPod({}, { generateName: 'web-', name: undefined })));
    assert.equal(full.response.auditAnnotations?.['action'], '(default)');
  });
});

describe('AdmissionHandler: user rules', () => {
  it('weighs no more than the least wish of the user', () => {
    const mine = {
      weight: 3,
      preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
    };
    const pod = rawPod({ affinity: { nodeAffinity: { [PREFERRED]: [mine] } } });
    const after = applied(pod, patchOf(answer(eager().admission(), reviewOf(pod))));
    const [first, second] = preferredTermsOf(after) as { weight: number }[];
    assert.deepEqual(first, mine);
    assert.equal(second?.weight, 3);
  });

  it('judges by the namespace of the request', () => {
    const world = eager();
    const pod = rawPod({}, { namespace: 'elsewhere' });
    assert.notEqual(patchOf(answer(world.admission(), reviewOf(pod))), undefined);
    const other = answer(
      world.admission({ registry: world.otherRegistry() }),
      reviewOf(rawPod(), { namespace: 'elsewhere' }),
    );
    assert.equal(other.response.auditAnnotations?.['reason'], 'namespace-not-opted-in');
  });
});

describe('AdmissionHandler: any input', () => {
  it('always allows, and what it patches applies', () => {
    const world = eager();
    const admission = world.admission();
    const any = fc.jsonValue();
    const objects = fc.oneof(
      any,
      fc.record({ metadata: any, spec: any }),
      fc.record(
        {
          metadata: fc.record(
            { name: any, labels: any, annotations: any, ownerReferences: any },
            { requiredKeys: [] },
          ),
          spec: fc.record(
            {
              schedulerName: fc.constant('default-scheduler'),
              containers: any,
              initContainers: any,
              volumes: any,
              tolerations: any,
              nodeSelector: any,
              affinity: fc.oneof(
                any,
                fc.record(
                  { nodeAffinity: any, podAffinity: any, podAntiAffinity: any },
                  { requiredKeys: [] },
                ),
              ),
            },
            { requiredKeys: ['schedulerName'] },
          ),
        },
        { requiredKeys: ['spec'] },
      ),
    );
    let injections = 0;
    fc.assert(
      fc.property(objects, (value) => {
        const object = JSON.parse(JSON.stringify(value)) as JsonObject;
        const review = answer(admission, reviewOf(object));
        assert.equal(review.response.allowed, true);
        assert.equal(review.response.uid, 'u-1');
        assert.equal('patch' in review.response, 'patchType' in review.response);
        const operations = patchOf(review);
        if (operations === undefined) return;
        injections += 1;
        applied(object, operations);
      }),
      { numRuns: 500 },
    );
    assert.ok(injections > 10, 'some of them are Pods');
  });
});

describe('recorded reviews', () => {
  it('are what the tests believe', () => {
    assert.equal(parseReview(fixture('deployment-pod-create')).namespace, NAMESPACE);
  });
});

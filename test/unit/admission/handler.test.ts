// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import jsonpatch, { type Operation } from 'fast-json-patch';
import { readDecision, subjectOf } from '#cluster/decision-codec.ts';
import { Deadline } from '#admission/deadline.ts';
import type { JsonObject } from '#admission/json.ts';
import { preferredTermsOf, PREFERRED } from '#admission/merge.ts';
import { parseReview } from '#admission/review.ts';
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
  shardOf,
  START,
  stored,
  World,
} from './world.ts';

const CREATES = [
  'bare-pod-create',
  'deployment-pod-create',
  'generate-name-with-required-affinity-create',
  'statefulset-pod-create',
];

/** A world that always prefers a target. */
function eager(
  nodes = [node('w1', { labels: { type: 'kwok', 'kubernetes.io/os': 'linux' } })],
): World {
  const world = new World(nodes);
  const { learning } = policyOf().spec;
  world.policy = policyOf({
    learning: {
      ...learning,
      burnInDecisions: 0,
      epsilonThousandths: 0,
      epsilonFloorThousandths: 0,
    },
  });
  return world;
}

function applied(object: JsonObject, operations: JsonObject[] | undefined): JsonObject {
  const copy = structuredClone(object);
  return jsonpatch.applyPatch(copy, (operations ?? []) as unknown as Operation[], true).newDocument;
}

function objectOf(review: JsonObject): JsonObject {
  return (review['request'] as JsonObject)['object'] as JsonObject;
}

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

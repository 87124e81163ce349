// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import jsonpatch, { type Operation } from 'fast-json-patch';
import { isRemade, isRequired } from '#admission/decision/enforced.ts';
import type { JsonObject } from '#admission/review/json.ts';
import { preferredTermsOf } from '#admission/patch/merge.ts';
import { requiredTermsOf } from '#admission/patch/requirement.ts';
import { readDecision } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import type { StoredEnforcement } from '#cluster/model/enforcement.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { replayDecision } from '#audit/replay.ts';
import {
  answer,
  KEY,
  node,
  patchOf,
  policyOf,
  rawPod,
  reviewOf,
  shardOf,
  START,
  stored,
  World,
} from '../world.ts';

const OURS = { key: 'kubernetes.io/hostname', operator: 'In', values: ['w1'] };
const NEVER: StoredEnforcement = {
  escalatedAt: 0,
  releasedAt: 0,
  releasedUntil: 0,
  coolingSeconds: 0,
  hour: 0,
  evictions: 0,
};

function owned(kind: string, apiVersion: string, name = 'frontend-5d8f7c9b4'): JsonObject {
  const owner = { apiVersion, kind, name, uid: `uid-${name}`, controller: true };
  return rawPod({}, { ownerReferences: [owner], labels: { 'pod-template-hash': '5d8f7c9b4' } });
}

const POD = owned('ReplicaSet', 'apps/v1');
const HEALTHY = { health: 'healthy', cpuRatio: 0.2, memoryRatio: 0.2, watts: 100 } as const;

/** A world with one node that is always chosen. */
function eager(spec: Partial<PolicySpec>): World {
  const room = { cpuMillicores: 8e6, memoryBytes: 2 ** 40, pods: 5000 };
  const world = new World([node('w1', { allocatable: room })]);
  const { learning } = policyOf().spec;
  const certain = { burnInDecisions: 0, epsilonThousandths: 0, epsilonFloorThousandths: 0 };
  world.policy = policyOf({ learning: { ...learning, ...certain }, ...spec });
  return world;
}

function admitted(world: World, object: JsonObject = POD): JsonObject {
  const operations = patchOf(answer(world.admission(), reviewOf(object))) ?? [];
  const copy = structuredClone(object);
  return jsonpatch.applyPatch(copy, operations as unknown as Operation[], true).newDocument;
}

function ruleOf(pod: JsonObject): 'required' | 'preferred' | 'nothing' {
  const terms = requiredTermsOf(pod);
  if (terms !== undefined) {
    assert.deepEqual(terms, [{ matchExpressions: [OURS] }]);
    assert.deepEqual(preferredTermsOf(pod), []);
    return 'required';
  }
  return preferredTermsOf(pod).length > 0 ? 'preferred' : 'nothing';
}

describe('mode Require', () => {
  it('requires the target, and says so on the Pod and in the audit line', () => {
    const world = eager({ mode: 'Require' });
    const pod = admitted(world);
    assert.equal(ruleOf(pod), 'required');
    const slim = stored(pod);
    const reading = readDecision(slim.annotations, subjectOf(slim), KEY);
    assert.equal(reading.kind === 'valid' && reading.record.required, true);
    assert.equal(world.admissions[0]?.decision?.required, true);
  });

  it('leaves the Pod alone the second time', () => {
    const world = eager({ mode: 'Require' });
    const admission = world.admission();
    const once = patchOf(answer(admission, reviewOf(POD))) ?? [];
    const pod = jsonpatch.applyPatch(structuredClone(POD), once as unknown as Operation[], true);
    const again = answer(admission, reviewOf(pod.newDocument));
    assert.equal(patchOf(again), undefined);
    assert.equal(world.admissions.at(-1)?.reason, 'already-decided');
  });

  it('takes the rule out of a Pod that comes back later with another decision', () => {
    const world = eager({ mode: 'Require' });
    const pod = admitted(world);
    world.now += 3_600_000;
    world.observation = world.observation && { ...world.observation, observedAt: world.now };
    world.policy = policyOf({ ...world.policy.spec, mode: 'Prefer' });
    const operations = patchOf(
      answer(world.admission({ registry: world.otherRegistry() }), reviewOf(pod)),
    );
    const next = jsonpatch.applyPatch(
      structuredClone(pod),
      (operations ?? []) as unknown as Operation[],
      true,
    ).newDocument;
    assert.equal(ruleOf(next), 'preferred');
  });

  const owners: [string, JsonObject, 'required' | 'preferred'][] = [
    ['a ReplicaSet', POD, 'required'],
    ['a StatefulSet', owned('StatefulSet', 'apps/v1', 'db'), 'required'],
    ['a ReplicationController', owned('ReplicationController', 'v1', 'old'), 'required'],
    ['a Job, which would count it as a failure', owned('Job', 'batch/v1', 'once'), 'preferred'],
    ['an operator of some other kind', owned('Kafka', 'kafka.example/v1', 'log'), 'preferred'],
    ['a ReplicaSet of another group', owned('ReplicaSet', 'example/v1', 'odd'), 'preferred'],
    ['nobody', rawPod(), 'preferred'],
  ];
  for (const [name, pod, expected] of owners) {
    it(`gives a Pod of ${name} a ${expected} target`, () => {
      assert.equal(ruleOf(admitted(eager({ mode: 'Require' }), pod)), expected);
    });
  }

  it('prefers while the workload is released, and requires again after that', () => {
    const world = eager({ mode: 'Require' });
    const releasedUntil = START + 600_000;
    world.shards.set(
      'Deployment/frontend',
      shardOf({ enforcement: { ...NEVER, releasedAt: START - 1000, releasedUntil } }),
    );
    assert.equal(ruleOf(admitted(world)), 'preferred');
    world.now = releasedUntil;
    world.observation = world.observation && { ...world.observation, observedAt: world.now };
    const later = patchOf(
      answer(world.admission({ registry: world.otherRegistry() }), reviewOf(POD)),
    );
    assert.match(JSON.stringify(later), /requiredDuringScheduling/);
  });
});

describe('escalation', () => {
  const escalation = {
    mode: 'Enabled' as const,
    adherencePercent: 60,
    minimumPods: 20,
    holdSeconds: 60,
  };
  const escalated = { ...NEVER, escalatedAt: START - 1000 };
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: 'a' };

  it('requires in mode Prefer, where the policy wants it', () => {
    const wanted = { mode: 'Prefer' as const, escalation };
    assert.equal(isRequired(wanted, escalated, owner, START), true);
    assert.equal(isRequired(wanted, undefined, owner, START), false);
    assert.equal(isRequired(wanted, escalated, undefined, START), false);
    assert.equal(isRequired({ ...wanted, mode: 'Shadow' }, escalated, owner, START), false);
    const off = { ...escalation, mode: 'Disabled' as const };
    assert.equal(isRequired({ ...wanted, escalation: off }, escalated, owner, START), false);
    const released = { ...escalated, releasedUntil: START + 1 };
    assert.equal(isRequired(wanted, released, owner, START), false);
  });

  it('asks whether the controller makes the Pod again', () => {
    assert.equal(isRemade(owner), true);
    assert.equal(isRemade({ ...owner, kind: 'DaemonSet' }), false);
    assert.equal(isRemade(undefined), false);
  });
});

describe('the canary', () => {
  it('acts upon its share and decides the rest as a shadow, and every line replays', async () => {
    const world = eager({ canaryPercent: 30 });
    const admission = world.admission();
    let acted = 0;
    const count = 1000;
    for (let index = 0; index < count; index += 1) {
      const review = reviewOf(POD, { uid: `u-${String(index)}` });
      const operations = patchOf(answer(admission, review)) ?? [];
      const copy = structuredClone(POD);
      const pod = jsonpatch.applyPatch(copy, operations as unknown as Operation[], true);
      const slim = stored(pod.newDocument);
      const reading = readDecision(slim.annotations, subjectOf(slim), KEY);
      assert.ok(reading.kind === 'valid');
      const isActed = reading.record.shadow !== true;
      assert.equal(ruleOf(pod.newDocument), isActed ? 'preferred' : 'nothing');
      if (isActed) acted += 1;
    }
    // Five standard deviations of a binomial of 1000 at 0.3.
    assert.ok(Math.abs(acted - 300) < 5 * Math.sqrt(count * 0.3 * 0.7), String(acted));
    assert.equal(world.admissions.length, count);
    for (const { decision, reason } of world.admissions) {
      assert.ok(decision !== undefined);
      assert.deepEqual(replayDecision(decision), { kind: 'matched' });
      assert.equal(reason === 'outside-canary', decision.acted === false);
      const twisted = replayDecision({ ...decision, acted: decision.acted !== true });
      assert.equal(twisted.kind, 'differing');
    }
    const skipped = await world.metric('perihelion_admission_skipped_total', {
      reason: 'outside-canary',
    });
    assert.equal(skipped, count - acted);
  });

  it('of 0 percent acts upon nothing, of 100 on everything', () => {
    assert.equal(ruleOf(admitted(eager({ canaryPercent: 0 }))), 'nothing');
    const all = eager({ canaryPercent: 100 });
    assert.equal(ruleOf(admitted(all)), 'preferred');
    assert.equal(all.admissions[0]?.decision?.draw?.canaryRatio, undefined);
  });

  it('spends nothing of the budget outside', () => {
    const world = eager({
      canaryPercent: 0,
      exploration: { budgetPerHour: 1, maximumCpuPercent: 80 },
    });
    const { learning } = world.policy.spec;
    const curious = {
      epsilonThousandths: 1000,
      epsilonFloorThousandths: 1000,
      explorationTemperatureThousandths: 0,
    };
    world.policy = policyOf({ ...world.policy.spec, learning: { ...learning, ...curious } });
    world.addNode(node('w2'));
    world.observation = world.observation && {
      ...world.observation,
      targets: { ...world.observation.targets, w2: HEALTHY },
    };
    const admission = world.admission();
    for (let index = 0; index < 40; index += 1) {
      answer(admission, reviewOf(POD, { uid: `u-${String(index)}` }));
    }
    const choices = world.admissions.map(({ decision }) => decision?.choice);
    assert.ok(choices.filter((choice) => choice === 'explore').length > 5, choices.join());
    assert.ok(world.admissions.every(({ decision }) => decision?.draw?.exploreAllowed === true));
  });
});

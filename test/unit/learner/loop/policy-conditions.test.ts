// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation, TargetHealth } from '#cluster/model/observation.ts';
import type { StoredCircuit } from '#cluster/model/enforcement.ts';
import type { ConditionType } from '#cluster/policy/status.ts';
import { policyConditions, type PolicyFacts } from '#learner/loop/policy-conditions.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { T0 } from '../fixtures.ts';
import { policyWith } from '../world.ts';

function observed(health: Readonly<Record<string, TargetHealth>>): Observation {
  const targets = Object.entries(health).map(([name, one]) => [
    name,
    { health: one, cpuRatio: undefined, memoryRatio: undefined, watts: undefined },
  ]);
  return {
    namespace: 'shop',
    policy: 'default',
    observedAt: T0,
    targets: Object.fromEntries(targets) as Observation['targets'],
    workloads: {},
  };
}

function shard(over: Partial<ModelShard> = {}): ModelShard {
  return { ...emptyShard('shop', 'default', 'Deployment/frontend'), defaultSamples: 9, ...over };
}

function facts(over: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    problem: undefined,
    policy: policyWith(),
    holding: 'default',
    name: 'default',
    namespaces: [{ namespace: 'shop', observation: observed({ a: 'healthy' }), shards: [shard()] }],
    now: T0,
    ...over,
  };
}

/** Status and reason, and the message on demand. */
function say(type: ConditionType, over: Partial<PolicyFacts> = {}) {
  const found = policyConditions(facts(over)).find((one) => one.type === type);
  assert.ok(found);
  assert.match(found.reason, /^[A-Z][A-Za-z]*$/);
  return found;
}

function one(type: ConditionType, over: Partial<PolicyFacts> = {}): string {
  const { status, reason } = say(type, over);
  return `${status} ${reason}`;
}

void describe('Ready', () => {
  void test('names the field that cannot be used, and what holds instead', () => {
    const problem = {
      namespace: 'shop',
      name: 'default',
      generation: 4,
      problems: ['spec.holdoutPercent: found 101, expected a number of at most 100'],
      inForce: 3,
    };
    const said = say('Ready', { problem });
    assert.deepEqual([said.status, said.reason], ['False', 'InvalidSpec']);
    assert.match(said.message, /spec\.holdoutPercent.*generation 3 stays in force/);
    const never = say('Ready', { problem: { ...problem, inForce: undefined }, policy: undefined });
    assert.match(never.message, /never in force/);
  });

  void test('is true of the first by name and false of the others', () => {
    assert.equal(one('Ready'), 'True InForce');
    assert.equal(one('Ready', { holding: 'a-first' }), 'False NotInForce');
    assert.match(say('Ready', { holding: 'a-first' }).message, /a-first/);
  });
});

void describe('TelemetryHealthy', () => {
  const with_ = (observation: Observation | undefined): Partial<PolicyFacts> => ({
    namespaces: [{ namespace: 'shop', observation, shards: [] }],
  });

  void test('tells lost from partly lost from healthy from unknown', () => {
    assert.equal(one('TelemetryHealthy'), 'True TargetsMeasured');
    const partly = with_(observed({ a: 'healthy', b: 'stale' }));
    assert.equal(one('TelemetryHealthy', partly), 'False TargetsNotMeasured');
    assert.equal(say('TelemetryHealthy', partly).message, '1 of 2 targets: b (stale)');
    const lost = with_(observed({ a: 'absent' }));
    assert.equal(one('TelemetryHealthy', lost), 'False TelemetryLost');
    assert.equal(one('TelemetryHealthy', with_(undefined)), 'Unknown NotObserved');
    assert.equal(one('TelemetryHealthy', with_(observed({}))), 'False NoTargets');
    assert.equal(one('TelemetryHealthy', { namespaces: [] }), 'Unknown NotUsed');
  });

  void test('lists a few targets and counts the rest', () => {
    const health = Object.fromEntries(
      Array.from({ length: 8 }, (_, n) => [`w${n}`, 'zero' as const]),
    );
    const { message } = say('TelemetryHealthy', with_(observed(health)));
    assert.match(message, /^8 of 8 targets: w0 \(zero\), .*w4 \(zero\) and 3 more$/);
  });
});

void test('Learning tells why not', () => {
  const namespaces = (shards: readonly ModelShard[]): Partial<PolicyFacts> => ({
    namespaces: [{ namespace: 'shop', observation: undefined, shards }],
  });
  assert.equal(one('Learning'), 'True Learning');
  assert.equal(one('Learning', namespaces([])), 'False NothingMeasured');
  assert.equal(one('Learning', namespaces([shard({ defaultSamples: 2 })])), 'False BurnIn');
  assert.equal(one('Learning', { policy: policyWith({ mode: 'Off' }) }), 'False Off');
  assert.equal(one('Learning', { policy: policyWith({ mode: 'Shadow' }) }), 'True Shadow');
  assert.equal(one('Learning', { namespaces: [] }), 'False NotUsed');
});

void test('CircuitOpen names the workloads, and those on trial', () => {
  const open: StoredCircuit = {
    state: 'open',
    reason: 'slo-breach',
    changedAt: T0 - 1000,
    retryAt: T0 + 1000,
    coolingSeconds: 2,
    breaches: 0,
    unmeasured: 0,
    evidence: 1,
    trialsPassed: 0,
    trialAdvantage: 0,
  };
  const of = (...circuits: StoredCircuit[]): Partial<PolicyFacts> => ({
    namespaces: [
      {
        namespace: 'shop',
        observation: undefined,
        shards: circuits.map((circuit, n) => shard({ workload: `Deployment/w${n}`, circuit })),
      },
    ],
  });
  assert.equal(one('CircuitOpen'), 'False Closed');
  assert.equal(one('CircuitOpen', of({ ...open, state: 'closed' })), 'False Closed');
  assert.equal(one('CircuitOpen', of(open)), 'True SloBreach');
  assert.equal(say('CircuitOpen', of(open)).message, 'shop/Deployment/w0 (objectives missed)');
  assert.equal(one('CircuitOpen', of(open, { ...open, reason: 'regret' })), 'True Several');
  const half = { ...open, retryAt: T0 };
  assert.equal(one('CircuitOpen', of(half)), 'True OnTrial');
  assert.match(say('CircuitOpen', of(open, half)).message, /w1 \(objectives missed, on trial\)/);
  const disabled = policyWith();
  const spec = {
    ...disabled.spec,
    circuitBreaker: { ...disabled.spec.circuitBreaker, mode: 'Disabled' as const },
  };
  assert.equal(
    one('CircuitOpen', { ...of(open), policy: { ...disabled, spec } }),
    'False Disabled',
  );
});

test('a preset that nobody knows is told before what it does to the targets', () => {
  const presetProblem = 'no mesh is called Weave';
  assert.equal(one('TelemetryHealthy', { presetProblem }), 'False UnknownPreset');
  assert.equal(say('TelemetryHealthy', { presetProblem }).message, presetProblem);
});

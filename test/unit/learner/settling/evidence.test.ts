// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { encodeShard } from '#cluster/model/codec.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import type { EpisodeJudgement, Judgement } from '#learner/judging/judge.ts';
import type { PodReadings } from '#learner/readings/outcome.ts';
import type { CensorReason } from '#learner/judging/censor-reason.ts';
import { nextEvidence } from '#learner/settling/evidence.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { pending, T0 } from '../fixtures.ts';
import { measured, policyWith } from '../world.ts';

const WINDOW = { from: T0, to: T0 + 60_000 };
const FRONTEND = 'Deployment/frontend';

/** 100 requests of 1.5 joules and 25 ms. */
function readings(joules = 150): PodReadings {
  const of = (value: number) => measured(value, WINDOW);
  return {
    podJoules: of(joules),
    nodeWatts: of(100),
    attributedJoules: of(6000),
    requests: of(100),
    p99Milliseconds: of(25),
    errorRatio: of(0),
    cpuRatio: of(0.5),
    memoryRatio: of(0.5),
  };
}

function judgement(decision: Partial<DecisionRecord>, over: Partial<Judgement> = {}): Judgement {
  const made = pending({ policy: 'default@1', ...decision });
  const { holdout, shadow, action } = made.decision;
  return {
    decision: made,
    asked: holdout || shadow === true ? DEFAULT_ACTION : action,
    readings: readings(),
    problem: undefined,
    rewarded: undefined,
    advantage: 0,
    ...over,
  };
}

/** Baseline: 2 joules per request and 20 ms. */
const BASELINES: ModelShard['baselines'] = {
  all: {
    joulesPerRequest: { mean: 2, variance: 0, weight: 10 },
    p99Milliseconds: { mean: 20, variance: 0, weight: 10 },
  },
};

const JUDGED: EpisodeJudgement = {
  judgements: [],
  application: undefined,
  workloads: new Map([
    [
      FRONTEND,
      {
        rate: 1,
        bucket: undefined,
        before: BASELINES,
        after: {},
        samples: 0,
        siblings: new Map(),
      },
    ],
  ]),
};

/** Attributed energy, so that a Pod's joules are those of its reading. */
function policyOf(over: Partial<PolicySpec> = {}): PlacementPolicy {
  const { spec } = policyWith();
  const reward = { ...spec.reward, accounting: 'Attributed' as const };
  return policyWith({ holdoutPercent: 5, reward, ...over });
}

function evidenceOf(
  members: readonly Judgement[],
  policy = policyOf(),
  shard: ModelShard = emptyShard('shop', 'default', FRONTEND),
) {
  return nextEvidence(shard, members, { policy, judged: JUDGED, targets: 2, now: T0 + 90_000 });
}

void describe('savings', () => {
  void test('a Pod that was placed and one that was held out count in their arms', () => {
    const { savings } = evidenceOf([
      judgement({ id: 'a' }),
      judgement({ id: 'b', holdout: true, action: DEFAULT_ACTION, propensity: 0.05 }),
    ]);
    const { placed, holdout } = savings?.joulesPerRequest ?? {};
    assert.equal(placed?.count, 1);
    assert.equal(holdout?.count, 1);
    assert.ok(Math.abs(placed.weight - 1 / 0.95) < 1e-12);
    assert.ok(Math.abs(holdout.weight - 20) < 1e-12);
    assert.ok(
      Math.abs(placed.residual / placed.weight + 0.5) < 1e-12,
      '1.5 J where 2 J were expected',
    );
    assert.equal(savings?.requests, 100, 'of the placed Pod alone');
    const latency = savings.p99Milliseconds.holdout;
    assert.ok(Math.abs(latency.residual / latency.weight - 5) < 1e-12);
  });

  void test('a Pod of a resting holdout weighs by the share that was in force then', () => {
    const policy = policyOf({ restingHoldoutThousandths: 4 });
    const { savings } = evidenceOf(
      [
        judgement({ id: 'a', rested: true }),
        judgement({
          id: 'b',
          rested: true,
          holdout: true,
          action: DEFAULT_ACTION,
          propensity: 0.004,
        }),
        judgement({ id: 'c', holdout: true, action: DEFAULT_ACTION, propensity: 0.05 }),
      ],
      policy,
    );
    const { placed, holdout } = savings?.joulesPerRequest ?? {};
    assert.ok(Math.abs((placed?.weight ?? 0) - 1 / 0.996) < 1e-12);
    assert.ok(Math.abs((holdout?.weight ?? 0) - (250 + 20)) < 1e-9);
  });

  void test('only what a draw decided, with the share of this policy, counts', () => {
    const sure = { action: DEFAULT_ACTION, propensity: 1 };
    const none: [string, Judgement, PlacementPolicy][] = [
      ['burn-in or an open circuit', judgement(sure), policyOf()],
      [
        'a holdout where nothing else was possible',
        judgement({ ...sure, holdout: true }),
        policyOf(),
      ],
      ['another generation', judgement({ policy: 'default@2' }), policyOf()],
      [
        'the same generation of a policy that was deleted',
        judgement({ decidedAt: T0 }),
        { ...policyOf(), createdAt: T0 + 1 },
      ],
      [
        'a replica that had the deleted one for a moment still',
        judgement({ decidedAt: T0 }),
        { ...policyOf(), createdAt: T0 - 9_000 },
      ],
      ['Shadow', judgement({ shadow: true }), policyOf()],
      ['no holdout', judgement({}), policyOf({ holdoutPercent: 0 })],
      ['everything held out', judgement({ holdout: true }), policyOf({ holdoutPercent: 100 })],
      ['not measured', judgement({}, { problem: 'absent' }), policyOf()],
      ['no readings', judgement({}, { readings: undefined, problem: 'pod-gone' }), policyOf()],
    ];
    for (const [name, one, policy] of none) {
      assert.equal(evidenceOf([one], policy).savings, undefined, name);
    }
  });

  void test('decisions under a policy that is there for some seconds count', () => {
    const policy = { ...policyOf(), createdAt: T0 - 11_000 };
    const { savings } = evidenceOf([judgement({ decidedAt: T0 })], policy);
    assert.equal(savings?.joulesPerRequest.placed.count, 1);
  });

  void test('a placed Pod counts where ever it landed, or one arm alone would lose Pods', () => {
    const nowhere = judgement({}, { problem: 'landed-nowhere' });
    assert.equal(evidenceOf([nowhere]).savings?.joulesPerRequest.placed.count, 1);
  });
});

void describe('the circuit', () => {
  const breach = (id: string): Judgement =>
    judgement({ id, decidedAt: T0 }, { advantage: -1.5, rewarded: REWARDED });
  const REWARDED = {
    kind: 'rewarded',
    reward: -2.5,
    baselineReward: -1,
    advantage: -1.5,
    costs: { sustainability: 1, performance: 2, resources: 1 },
    sloBreached: true,
    raw: {
      joulesPerRequest: 1,
      p99Milliseconds: 1,
      errorRatio: 0,
      cpuRatio: undefined,
      memoryRatio: undefined,
    },
  } as const;

  void test('looks only at Pods that were sent somewhere', () => {
    const { circuit } = evidenceOf(['a', 'b', 'c'].map(breach));
    assert.deepEqual([circuit?.state, circuit?.reason], ['open', 'slo-breach']);
    const held = ['a', 'b', 'c'].map((id) => ({ ...breach(id), asked: DEFAULT_ACTION }));
    assert.equal(evidenceOf(held).circuit, undefined);
  });

  void test('tells lost telemetry from Pods of which nothing can be said', () => {
    const of = (problem: CensorReason) =>
      evidenceOf(
        Array.from({ length: 10 }, (_, n) =>
          judgement({ id: `${n}` }, { problem, readings: undefined }),
        ),
      ).circuit;
    for (const problem of ['absent', 'stale', 'fake', 'telemetry-unavailable'] as const) {
      assert.equal(of(problem)?.reason, 'telemetry-lost', problem);
    }
    for (const problem of [
      'pod-gone',
      'rolled-again',
      'too-few-requests',
      'never-ready',
    ] as const) {
      assert.equal(of(problem)?.state, 'closed', problem);
    }
  });
});

void describe('Shadow decisions', () => {
  void test('are remembered with where they landed and what that saved', () => {
    const { shadow } = evidenceOf([judgement({ shadow: true, action: 'worker-2' })]);
    assert.deepEqual(shadow?.landings, { 'worker-1': { count: 1, energy: 0.25, latency: -0.25 } });
    assert.deepEqual(shadow.decisions, [], 'one landing is no probability');
  });

  void test('need energy, latency, a baseline and a landing', () => {
    const dark = judgement({ shadow: true }, { problem: 'absent' });
    assert.equal(evidenceOf([dark]).shadow, undefined);
    const made = judgement({ shadow: true });
    const nowhere = { ...made, decision: { ...made.decision, landed: undefined } };
    assert.equal(evidenceOf([nowhere]).shadow, undefined);
  });

  void test('where no request succeeded no share is known, and the shard can still be written', () => {
    const failed = { ...readings(), errorRatio: measured(1, WINDOW) };
    const evidence = evidenceOf([
      judgement({ id: 'a', shadow: true }, { readings: failed }),
      judgement({ id: 'b', shadow: true }),
    ]);
    assert.deepEqual(evidence.shadow?.landings, {
      'worker-1': { count: 1, energy: 0.25, latency: -0.25 },
    });
    encodeShard({ ...emptyShard('shop', 'default', FRONTEND), ...evidence });
  });
});

void test('a workload of which there is no evidence keeps what it has, and has no new fields', () => {
  assert.deepEqual(evidenceOf([]), {});
  const first = evidenceOf([judgement({})]);
  const shard = { ...emptyShard('shop', 'default', FRONTEND), ...first };
  assert.deepEqual(evidenceOf([], policyOf(), shard), first);
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/action.ts';
import type { DecisionRecord } from '#cluster/decision.ts';
import type { ModelShard } from '#cluster/model.ts';
import type { PolicySpec } from '#cluster/policy.ts';
import type { SlimPod } from '#cluster/slim.ts';
import type { PendingDecision } from '#learner/decisions.ts';
import { episodesOf } from '#learner/episodes.ts';
import type { WindowReadings } from '#learner/outcome.ts';
import { settleEpisode, type Settlement } from '#learner/settle.ts';
import { SETTLED_TAIL, emptyShard } from '#learner/shards.ts';
import type { SettlePlan } from '#learner/verdict.ts';
import type { Reading } from '#telemetry/reading.ts';
import { T0, pending } from './fixtures.ts';
import { measured, policyWith } from './world.ts';

const window = { from: T0 + 12_000, to: T0 + 72_000 };
const FRONTEND = 'Deployment/frontend';
const BUSINESS = 'Tier/business';

/** What one Pod costs; absent fields are the baseline's. */
interface Cost {
  readonly joules?: Reading;
  readonly requests?: number;
  readonly p99?: number;
}

/** Readings of these Pods: 100 joules for 100 requests, 20 ms, unless told otherwise. */
function readingsOf(
  decisions: readonly PendingDecision[],
  costs: Readonly<Record<string, Cost>> = {},
): WindowReadings {
  const cost = (one: PendingDecision): Cost => costs[one.decision.id] ?? {};
  const joules = (one: PendingDecision): Reading => cost(one).joules ?? measured(100, window);
  const nodes = ['worker-1', 'worker-2'];
  return {
    window,
    power: {
      podJoules: new Map(decisions.map((one) => [one.podUid, joules(one)])),
      nodeWatts: new Map(nodes.map((name) => [name, measured(100, window)])),
      attributedJoules: new Map(nodes.map((name) => [name, measured(6000, window)])),
    },
    latency: {
      pods: new Map(
        decisions.map((one) => [
          `${one.namespace}/${one.podName}`,
          {
            requests: measured(cost(one).requests ?? 100, window),
            p50Milliseconds: measured(5, window),
            p99Milliseconds: measured(cost(one).p99 ?? 20, window),
            errorRatio: measured(0, window),
          },
        ]),
      ),
      edges: [],
    },
    load: new Map(
      nodes.map((name) => [
        name,
        { cpuRatio: measured(0.5, window), memoryRatio: measured(0.5, window) },
      ]),
    ),
  };
}

/** A shard whose baseline is exactly what {@link readingsOf} gives by default. */
function trained(over: Partial<ModelShard> = {}): ModelShard {
  const exactly = (mean: number) => ({ mean, variance: 0, weight: 10 });
  return {
    ...emptyShard('shop', 'default', FRONTEND),
    version: 7,
    episodes: 5,
    defaultSamples: 10,
    baselines: {
      all: {
        joulesPerRequest: exactly(1),
        p99Milliseconds: exactly(20),
        errorRatio: exactly(0),
        cpuRatio: exactly(0.5),
        memoryRatio: exactly(0.5),
      },
    },
    ...over,
  };
}

const ONLY_OWN: Partial<PolicySpec> = {
  learning: {
    ...policyWith().spec.learning,
    applicationShareThousandths: 0,
    gammaThousandths: 0,
  },
};

interface Given {
  readonly decisions: readonly PendingDecision[];
  readonly costs?: Readonly<Record<string, Cost>>;
  readonly shards?: readonly ModelShard[];
  readonly plan?: SettlePlan;
  readonly spec?: Partial<PolicySpec>;
  readonly alive?: readonly string[];
  readonly unsettled?: readonly string[];
  /** Decisions of earlier rollouts. */
  readonly earlier?: readonly PendingDecision[];
}

function settle(given: Given): Settlement {
  const { decisions, shards = [trained()] } = given;
  const standing = [...decisions, ...(given.earlier ?? [])];
  const [episode] = episodesOf(decisions, 20, 600);
  assert.ok(episode);
  return settleEpisode({
    policy: policyWith({ ...ONLY_OWN, ...given.spec }),
    episode,
    plan: given.plan ?? { kind: 'measure', readings: readingsOf(standing, given.costs) },
    standing,
    shards: new Map(shards.map((shard) => [shard.workload, shard])),
    targets: ['worker-1', 'worker-2'],
    isAlive: (id) => (given.alive ?? []).includes(id),
    isUnsettled: (id) => (given.unsettled ?? []).includes(id),
    patienceSeconds: 300,
    now: T0 + 80_000,
  });
}

function sent(id: string, target: string, over: Partial<SlimPod> = {}): PendingDecision {
  return pending({ id, action: target }, { nodeName: target, ...over });
}

function left(id: string, node = 'worker-1', over: Partial<DecisionRecord> = {}): PendingDecision {
  return pending({ id, action: DEFAULT_ACTION, ...over }, { nodeName: node });
}

function only(shards: readonly ModelShard[]): ModelShard {
  const [shard] = shards;
  assert.ok(shard);
  assert.equal(shards.length, 1);
  return shard;
}

/** The only record of a settlement, or the one of a decision. */
function recordOf(settlement: Settlement, id = 'a') {
  const found = settlement.records.find((record) => record.decisionId === id);
  assert.ok(found, `no record of ${id}`);
  return found;
}

void describe('reward and advantage', () => {
  void test('half the energy of the baseline is an advantage, twice of it a disadvantage', () => {
    const decisions = [sent('a', 'worker-1'), sent('b', 'worker-2')];
    const done = settle({
      decisions,
      costs: { a: { joules: measured(50, window) }, b: { joules: measured(200, window) } },
    });
    // squash(1/2) = 2/3 and squash(2) = 4/3, weight of energy 1/2.
    assert.ok(Math.abs((recordOf(done, 'a').advantage ?? 0) - 1 / 6) < 1e-9);
    assert.ok(Math.abs((recordOf(done, 'b').advantage ?? 0) + 1 / 6) < 1e-9);
    const row = only(done.workloads).cells['load=normal'] ?? {};
    assert.ok(Math.abs((row['worker-1']?.value ?? 0) - 1 / 6) < 1e-9);
    assert.ok(Math.abs((row['worker-2']?.value ?? 0) + 1 / 6) < 1e-9);
    assert.equal(row['worker-1']?.weight, 1);
  });

  void test('the reward goes to where the Pod landed, with the landing credit', () => {
    const astray = pending({ id: 'a', action: 'worker-1' }, { nodeName: 'worker-2' });
    const done = settle({ decisions: [astray], costs: { a: { joules: measured(50, window) } } });
    const row = only(done.workloads).cells['load=normal'] ?? {};
    assert.equal(row['worker-1'], undefined, 'nothing ran there');
    assert.equal(row['worker-2']?.weight, 0.5);
  });

  void test("the application's share mixes in what all its Pods together save", () => {
    const decisions = [
      sent('a', 'worker-1'),
      pending({ id: 's1', workload: 'Deployment/search' }, { nodeName: 'worker-1' }),
      pending({ id: 's2', workload: 'Deployment/search' }, { nodeName: 'worker-1' }),
    ];
    const done = settle({
      decisions,
      costs: {
        s1: { joules: measured(50, window) },
        s2: { joules: measured(50, window) },
      },
      shards: [trained(), trained({ workload: 'Deployment/search' })],
      spec: {
        learning: { ...policyWith().spec.learning, applicationShareThousandths: 500 },
      },
    });
    // Own advantage 0; the application takes 200 of 300 joules: 1 - 2r/(1 + r) with r = 2/3 is 1/5,
    // energy weighs 5 against 4 of latency; half of it.
    assert.ok(Math.abs((recordOf(done, 'a').advantage ?? 0) - 5 / 90) < 1e-9);
    assert.ok(Math.abs((recordOf(done, 's1').advantage ?? 0) - (1 / 12 + 5 / 90)) < 1e-9);
  });

  void test('Pods of earlier rollouts belong to the application while they serve', () => {
    const spec = { learning: { ...policyWith().spec.learning, applicationShareThousandths: 500 } };
    const neighbour = (over: Partial<SlimPod>) =>
      pending({ id: 'n', workload: 'Deployment/search', decidedAt: T0 - 900_000 }, over);
    const advantageWith = (earlier: PendingDecision) =>
      recordOf(
        settle({
          decisions: [sent('a', 'worker-1')],
          earlier: [earlier],
          costs: { n: { joules: measured(50, window) } },
          shards: [trained(), trained({ workload: 'Deployment/search' })],
          spec,
        }),
      ).advantage;
    // 150 of 200 joules: 1/7.
    assert.ok(Math.abs((advantageWith(neighbour({})) ?? 0) - 5 / 126) < 1e-9);
    for (const gone of [
      neighbour({ phase: 'Failed' }),
      neighbour({ deletedAt: window.to }),
      neighbour({ readyAt: window.from + 1 }),
      neighbour({ readyAt: undefined }),
    ]) {
      assert.equal(advantageWith(gone), 0);
    }
  });

  void test('default siblings of the same window take a common burden off', () => {
    const burdened = { joules: measured(200, window), p99: 40 };
    const alone = settle({ decisions: [sent('a', 'worker-1')], costs: { a: burdened } });
    const together = settle({
      decisions: [sent('a', 'worker-1'), left('c1'), left('c2', 'worker-2')],
      costs: { a: burdened, c1: burdened, c2: burdened },
    });
    const lonely = recordOf(alone).advantage ?? 0;
    const compared = recordOf(together).advantage ?? 0;
    assert.ok(lonely < -0.25, `${lonely}`);
    assert.ok(compared > lonely / 2 && compared < 0, `${compared} against ${lonely}`);
  });
});

void describe('baselines', () => {
  void test('the first default Pods begin the baseline and teach nothing else', () => {
    const done = settle({ decisions: [left('a'), left('b', 'worker-2')], shards: [] });
    const shard = only(done.workloads);
    assert.equal(shard.baselines['all']?.['joulesPerRequest']?.mean, 1);
    assert.equal(shard.defaultSamples, 2);
    assert.equal(shard.episodes, 1);
    assert.deepEqual(shard.cells, {});
    assert.equal(recordOf(done).status, 'settled');
    assert.equal(recordOf(done).advantage, undefined);
  });

  void test('without a baseline a Pod that was sent is censored, and settled all the same', () => {
    const done = settle({ decisions: [sent('a', 'worker-1')], shards: [] });
    assert.equal(recordOf(done).reason, 'no-baseline');
    assert.deepEqual(only(done.workloads).settled, ['a']);
    assert.deepEqual(only(done.workloads).baselines, {});
  });

  void test('a default Pod is compared with the baseline before it, not with itself', () => {
    const costs = { a: { joules: measured(50, window) } };
    const done = settle({ decisions: [left('a')], costs });
    assert.ok(Math.abs((recordOf(done).advantage ?? 0) - 1 / 6) < 1e-9);
    const mean = only(done.workloads).baselines['all']?.['joulesPerRequest']?.mean ?? 1;
    assert.ok(mean < 1, 'it moves the baseline of the next');
  });

  void test('holdouts and Shadow decisions are samples of the default, whatever they chose', () => {
    const holdout = pending({ id: 'a', action: 'worker-2', holdout: true });
    assert.equal(only(settle({ decisions: [holdout] }).workloads).defaultSamples, 11);
    const unseen = pending({ id: 'a', action: 'worker-1', shadow: true });
    const shadow = settle({ decisions: [unseen] });
    assert.equal(only(shadow.workloads).defaultSamples, 11);
    assert.equal(only(shadow.workloads).asked, 0, 'nothing was asked of the scheduler');
  });

  void test('a bucket of load keeps baselines of its own and falls back on all of them', () => {
    const load = { mean: 100, variance: 0, weight: 10 };
    const done = settle({ decisions: [left('a'), left('b')], shards: [trained({ load })] });
    // Two Pods of 100 requests in 60 s against a history of 100 per second.
    assert.deepEqual(Object.keys(only(done.workloads).baselines).sort(), ['all', 'low']);
    assert.equal(recordOf(done).reason, 'measured');
    assert.notEqual(recordOf(done).advantage, undefined);
  });

  void test("only a workload's own default Pods enter its baseline", () => {
    const other = pending({
      id: 'b',
      workload: 'Deployment/search',
      action: DEFAULT_ACTION,
    });
    const done = settle({ decisions: [sent('a', 'worker-1'), other] });
    const search = done.workloads.find((shard) => shard.workload === 'Deployment/search');
    assert.equal(search?.defaultSamples, 1);
    const frontend = done.workloads.find((shard) => shard.workload === FRONTEND);
    assert.deepEqual(frontend?.baselines, trained().baselines);
  });
});

void describe('censoring', () => {
  const missing = (reason: 'absent' | 'stale' | 'fake' | 'not-a-number' | 'absurd'): Reading => ({
    kind: 'missing',
    reason,
    detail: 'for a test',
  });
  const table: [string, Cost, string][] = [
    ['absent', { joules: missing('absent') }, 'absent'],
    ['stale', { joules: missing('stale') }, 'stale'],
    ['fake', { joules: missing('fake') }, 'fake'],
    ['not a number', { joules: missing('not-a-number') }, 'not-a-number'],
    ['absurd', { joules: missing('absurd') }, 'absurd'],
    ['NaN in a measured reading', { joules: measured(Number.NaN, window) }, 'not-a-number'],
    ['zero joules', { joules: measured(0, window) }, 'no-energy'],
    ['too few requests', { requests: 9 }, 'too-few-requests'],
    ['no request', { requests: 0 }, 'too-few-requests'],
    ['old', { joules: { ...measured(100, window), ageSeconds: 61 } as Reading }, 'stale'],
  ];
  for (const [name, cost, reason] of table) {
    void test(`${name} energy or requests teach nothing: ${reason}`, () => {
      const done = settle({ decisions: [sent('a', 'worker-1')], costs: { a: cost } });
      assert.equal(recordOf(done).reason, reason);
      assert.equal(recordOf(done).reward, undefined);
      assert.equal(recordOf(done).status, 'censored');
      const shard = only(done.workloads);
      assert.deepEqual(shard.cells, {});
      assert.deepEqual(shard.baselines, trained().baselines);
      assert.deepEqual(shard.settled, ['a']);
      assert.equal(shard.episodes, 5, 'nothing measured: exploration does not decay');
      assert.equal(shard.asked, 1, 'where it landed is known all the same');
    });
  }

  void test('each way of never having served has its own reason', () => {
    const decisions = [
      sent('up', 'worker-1'),
      sent('late', 'worker-1', { readyAt: undefined }),
      sent('done', 'worker-1', { phase: 'Succeeded' }),
      sent('gone', 'worker-1', { deletedAt: T0 + 60_000 }),
      sent('lost', 'worker-9'),
    ];
    const lost = { ...decisions[4], landed: undefined } as PendingDecision;
    const all = [...decisions.slice(0, 4), lost];
    const done = settle({ decisions: all });
    const reasons = Object.fromEntries(done.records.map((one) => [one.decisionId, one.reason]));
    assert.deepEqual(reasons, {
      up: 'measured',
      late: 'never-ready',
      done: 'pod-finished',
      gone: 'pod-gone',
      lost: 'landed-nowhere',
    });
    assert.equal(only(done.workloads).settled.length, 5);
  });

  void test('a measured Pod outside every target teaches no target', () => {
    const outside = { ...sent('a', 'worker-1'), landed: undefined };
    const done = settle({ decisions: [outside] });
    assert.equal(recordOf(done).reason, 'landed-nowhere');
    assert.deepEqual(only(done.workloads).cells, {});
    assert.equal(only(done.workloads).followed, 0);
    assert.equal(only(done.workloads).asked, 1);
  });

  void test('a discarded or unanswered window settles every decision without learning', () => {
    const plans: [SettlePlan, string, string][] = [
      [{ kind: 'discard', reason: 'rolled-again' }, 'rolled-again', 'discarded'],
      [{ kind: 'unavailable' }, 'telemetry-unavailable', 'censored'],
    ];
    for (const [plan, reason, status] of plans) {
      const done = settle({ decisions: [sent('a', 'worker-1'), left('b')], plan });
      assert.deepEqual(
        done.records.map((one) => [one.reason, one.status]),
        [
          [reason, status],
          [reason, status],
        ],
      );
      assert.deepEqual(only(done.workloads).cells, {});
      assert.equal(only(done.workloads).defaultSamples, 10);
    }
  });

  void test('utilisation that only this node does not tell is censored', () => {
    const decisions = [sent('a', 'worker-1')];
    const readings = { ...readingsOf(decisions), load: new Map() };
    const done = settle({ decisions, plan: { kind: 'measure', readings } });
    assert.equal(recordOf(done).reason, 'absent');
  });

  void test('utilisation that nobody in the cluster tells is left out', () => {
    const { all = {} } = trained().baselines;
    const { cpuRatio, memoryRatio, ...rest } = all;
    assert.ok(cpuRatio && memoryRatio);
    const decisions = [sent('a', 'worker-1')];
    const readings = { ...readingsOf(decisions), load: new Map() };
    const done = settle({
      decisions,
      plan: { kind: 'measure', readings },
      shards: [trained({ baselines: { all: rest } })],
    });
    assert.equal(recordOf(done).reason, 'measured');
    assert.deepEqual(Object.keys(recordOf(done).costs).sort(), ['performance', 'sustainability']);
  });
});

void describe('shards', () => {
  void test('the tier learns the same lesson, in a shard of its own', () => {
    const done = settle({
      decisions: [sent('a', 'worker-1')],
      costs: { a: { joules: measured(50, window) } },
    });
    const tier = only(done.tiers);
    assert.equal(tier.workload, BUSINESS);
    assert.deepEqual(tier.settled, ['a']);
    assert.equal(tier.version, 1);
    assert.deepEqual(tier.baselines, {}, 'joules of different workloads do not mix');
    assert.ok((tier.cells['load=normal']?.['worker-1']?.value ?? 0) > 0);
    assert.deepEqual(
      recordOf(done).cells.map((cell) => [cell.shard, cell.action]),
      [
        [FRONTEND, 'worker-1'],
        [BUSINESS, 'worker-1'],
      ],
    );
    assert.equal(recordOf(done).modelVersion, 8);
  });

  void test('a decision that its shard holds is not settled again, nor by its tier', () => {
    const decisions = [sent('a', 'worker-1'), sent('b', 'worker-1')];
    const done = settle({ decisions, shards: [trained({ settled: ['a'] })], alive: ['a', 'b'] });
    assert.deepEqual(
      done.records.map((one) => one.decisionId),
      ['b'],
    );
    assert.deepEqual(only(done.workloads).settled, ['a', 'b']);
    assert.equal(only(done.workloads).cells['load=normal']?.['worker-1']?.weight, 1);
    assert.deepEqual(only(done.tiers).settled, ['b']);
  });

  void test('after a crash behind the tier the workload alone is settled', () => {
    const tier = { ...emptyShard('shop', 'default', BUSINESS), version: 3, settled: ['a'] };
    const done = settle({ decisions: [sent('a', 'worker-1')], shards: [trained(), tier] });
    assert.deepEqual(done.tiers, []);
    assert.deepEqual(only(done.workloads).settled, ['a']);
    assert.equal(only(done.workloads).version, 8);
  });

  void test('ids are kept as long as they are needed: of living Pods, and of open decisions', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `old-${index}`);
    const tier = { ...emptyShard('shop', 'default', BUSINESS), settled: many };
    const done = settle({
      decisions: [sent('a', 'worker-1')],
      shards: [trained({ settled: many }), tier],
      alive: ['a', 'old-0'],
      unsettled: ['a', 'old-1'],
    });
    const shard = only(done.workloads);
    assert.equal(shard.settled.length, 1 + SETTLED_TAIL + 1);
    assert.deepEqual([shard.settled[0], shard.settled.at(-1)], ['old-0', 'a']);
    assert.equal(only(done.tiers).settled.length, 1 + SETTLED_TAIL + 1);
    assert.equal(only(done.tiers).settled[0], 'old-1');
  });

  void test('adherence counts the bound Pods that were asked', () => {
    const decisions = [
      sent('a', 'worker-1'),
      pending({ id: 'b', action: 'worker-1' }, { nodeName: 'worker-2' }),
      left('c'),
      sent('d', 'worker-1', { nodeName: undefined, boundAt: undefined, readyAt: undefined }),
    ];
    const shard = only(
      settle({ decisions, shards: [trained({ followed: 3, asked: 5 })] }).workloads,
    );
    assert.deepEqual([shard.followed, shard.asked], [4, 7]);
  });

  void test('settling changes nothing it was given', () => {
    const shard = trained({ settled: ['z'] });
    const before = structuredClone(shard);
    settle({ decisions: [sent('a', 'worker-1'), left('b')], shards: [shard] });
    assert.deepEqual(shard, before);
  });

  void test('the same input gives the same output', () => {
    const given = { decisions: [sent('a', 'worker-1'), left('b', 'worker-2')] };
    assert.deepEqual(settle(given), settle(given));
  });
});

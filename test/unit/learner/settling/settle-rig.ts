// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { episodesOf } from '#learner/episodes/episodes.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import { settleEpisode, type Settlement } from '#learner/settling/settle.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import type { SettlePlan } from '#learner/judging/verdict.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { pending, T0 } from '../fixtures.ts';
import { measured, policyWith } from '../world.ts';

/** The window that everything is measured in. */
export const window = { from: T0 + 12_000, to: T0 + 72_000 };
/** The workload. */
export const FRONTEND = 'Deployment/frontend';
/** The shard of its tier. */
export const BUSINESS = 'Tier/business';

/** What one Pod costs; absent fields are the baseline's. */
export interface Cost {
  readonly joules?: Reading;
  readonly requests?: number;
  readonly p99?: number;
}

/** Readings of these Pods: 100 joules for 100 requests, 20 ms, unless told otherwise. */
export function readingsOf(
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
export function trained(over: Partial<ModelShard> = {}): ModelShard {
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

/** What is settled; absent fields are those of an ordinary rollout. */
export interface Given {
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

/** Settles one rollout. */
export function settle(given: Given): Settlement {
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

/** A Pod that was asked to prefer a target and landed there, unless told otherwise. */
export function sent(id: string, target: string, over: Partial<SlimPod> = {}): PendingDecision {
  return pending({ id, action: target }, { nodeName: target, ...over });
}

/** A Pod that was left to the default scheduler. */
export function left(
  id: string,
  node = 'worker-1',
  over: Partial<DecisionRecord> = {},
): PendingDecision {
  return pending({ id, action: DEFAULT_ACTION, ...over }, { nodeName: node });
}

/** The one shard. */
export function only(shards: readonly ModelShard[]): ModelShard {
  const [shard] = shards;
  assert.ok(shard);
  assert.equal(shards.length, 1);
  return shard;
}

/** The only record of a settlement, or the one of a decision. */
export function recordOf(settlement: Settlement, id = 'a') {
  const found = settlement.records.find((record) => record.decisionId === id);
  assert.ok(found, `no record of ${id}`);
  return found;
}

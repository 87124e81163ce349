// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
import type { Observation } from '#cluster/model/observation.ts';
import { decodeModel, encodeObservation } from '#cluster/model/codec.ts';
import { outcomeOf } from '#learner/judging/appraisal.ts';
import { podReadings, problemOf, type WindowReadings } from '#learner/readings/outcome.ts';
import { curvesOf, learnPowerCurves, powerCurves } from '#learner/observation/power-curves.ts';
import { wattsAt } from '#simulator/machines/power-curve.ts';
import { node, pending, T0 } from '../fixtures.ts';
import { measured, policyWith, World } from '../world.ts';

const CURVE = [52.5, 98.5, 109, 120, 130, 140, 150, 161, 172, 196, 228];
const WORKER = node('worker-1');
const { spec, ...policy } = policyWith();
const marginal = { ...spec, reward: { ...spec.reward, accounting: 'Marginal' as const } };
const window = { from: T0, to: T0 + 60_000 };

function readingsAt(utilisation: number, watts = wattsAt(CURVE, utilisation)): WindowReadings {
  const of = (value: number) => measured(value, window);
  const pod = pending({ id: 'a' });
  return {
    window,
    power: {
      podJoules: new Map([[pod.podUid, of(100)]]),
      nodeWatts: new Map([['worker-1', of(watts)]]),
      attributedJoules: new Map([['worker-1', of(1000)]]),
    },
    latency: { pods: new Map(), edges: [] },
    load: new Map([['worker-1', { cpuRatio: of(utilisation), memoryRatio: of(0.3) }]]),
  };
}

function observationOf(powerCurvesOfNodes: Observation['powerCurves'], observedAt: number) {
  return {
    namespace: 'shop',
    policy: 'default',
    observedAt,
    targets: {},
    workloads: {},
    powerCurves: powerCurvesOfNodes,
  } satisfies Observation;
}

/** So many windows of a node under every load, each stored and read back. */
function learned(windows: number): Observation {
  const random = createGenerator('power curves');
  let observation: Observation | undefined;
  for (let i = 0; i < windows; i += 1) {
    const now = T0 + i * 60_000;
    const utilisation = random.next();
    const watts = wattsAt(CURVE, utilisation) * (1 + 0.04 * (random.next() - 0.5));
    const curves = learnPowerCurves(observation, {
      spec: marginal,
      nodes: [WORKER],
      readings: readingsAt(utilisation, watts),
      now,
    });
    const stored = decodeModel('shop', encodeObservation(observationOf(curves, now)));
    assert.ok(stored.kind === 'observation');
    observation = stored.observation;
  }
  assert.ok(observation);
  return observation;
}

test('a curve is learned from observations that are stored in between, and charges its slope', () => {
  const curves = powerCurves(learned(600), () => WORKER);
  for (const [utilisation, slope] of [
    [0.1, 460],
    [0.5, 100],
    [0.95, 280],
  ] as const) {
    const readings = podReadings(pending({ id: 'a' }), { ...readingsAt(utilisation), curves });
    const reading = readings.marginalWatts;
    assert.ok(reading?.kind === 'measured');
    const found = reading.value;
    assert.ok(Math.abs(found - slope) < 0.2 * 175.5, `${utilisation}: ${found} W, true ${slope} W`);
    // A tenth of what is attributed there, so a tenth of the node's utilisation.
    const { joules } = outcomeOf(readings, marginal);
    assert.ok(Math.abs((joules ?? 0) - found * utilisation * 0.1 * 60) < 1e-6);
  }
});

test('before anything is learned there is no reward: the reading says why', () => {
  const curves = powerCurves(undefined, () => WORKER);
  const readings = podReadings(pending({ id: 'a' }), {
    ...readingsAt(0.5),
    curves,
    latency: {
      pods: new Map([[`shop/${pending({ id: 'a' }).podName}`, served()]]),
      edges: [],
    },
  });
  assert.equal(problemOf(readings, marginal), 'too-few-samples');
  assert.equal(outcomeOf(readings, marginal).joules, undefined);
});

function served() {
  const of = (value: number) => measured(value, window);
  return {
    requests: of(500),
    p50Milliseconds: of(5),
    p99Milliseconds: of(20),
    errorRatio: of(0),
  };
}

describe('what goes into a curve', () => {
  const start = observationOf(
    learnPowerCurves(undefined, {
      spec: marginal,
      nodes: [WORKER],
      readings: readingsAt(0.5),
      now: T0,
    }),
    T0,
  );
  const after = (how: Partial<Parameters<typeof learnPowerCurves>[1]>) =>
    learnPowerCurves(start, {
      spec: marginal,
      nodes: [WORKER],
      readings: readingsAt(0.5),
      now: T0 + 6000,
      ...how,
    });

  test('a window that overlaps the last counts for what is new of it', () => {
    assert.equal(after({})?.['worker-1']?.[0]?.weight, 1.1);
    assert.equal(after({ now: T0 + 600_000 })?.['worker-1']?.[0]?.weight, 2);
  });

  test('a node without power or without load keeps what it has', () => {
    for (const readings of [
      { ...readingsAt(0.5), load: new Map() },
      readingsAt(0.5, 0),
      readingsAt(0.5, Number.NaN),
    ]) {
      assert.deepEqual(after({ readings }), start.powerCurves);
    }
  });

  test('a node that is gone is forgotten, and other accountings keep no curves', () => {
    assert.deepEqual(after({ nodes: [] }), {});
    assert.equal(after({ spec }), undefined);
    const view = { node: () => WORKER };
    const models = { shard: () => undefined, observation: () => start };
    const from = (one: typeof spec) =>
      curvesOf({ namespace: 'shop', policy: { ...policy, spec: one } }, { models, view });
    assert.deepEqual(from(spec), {});
    assert.notEqual(from(marginal).curves, undefined);
  });
});

test('the whole loop under Marginal: censored until curves are learned, then settled', async () => {
  const world = new World(3, policyWith({ reward: marginal.reward }));
  const learner = world.learner();
  for (let rollout = 0; rollout < 8; rollout += 1) {
    world.rollOut(4);
    world.pass(45);
    await learner.tick();
    world.pass(60);
    await learner.tick();
  }
  const reasons = world.records.map(({ reason }) => reason);
  assert.equal(reasons[0], 'too-few-samples');
  assert.equal(reasons.at(-1), 'measured');
  assert.ok(reasons.filter((reason) => reason === 'measured').length >= 16, reasons.join(' '));
  const curves = world.store.observation('shop', 'default')?.powerCurves;
  assert.deepEqual(Object.keys(curves ?? {}).sort(), ['worker-1', 'worker-2']);
  const last = world.records.at(-1)?.readings['marginalWatts'];
  assert.ok(last?.kind === 'measured' && last.value > 0);
});

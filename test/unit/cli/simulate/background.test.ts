// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readingsOf, uidOf } from '#cli/simulate/readings.ts';
import { RolloutRunner } from '#cli/simulate/rollout.ts';
import { defaultScheduler } from '#cli/simulate/static-schedulers.ts';
import { clusterOptionsOf, worldOf, type World } from '#cli/simulate/world.ts';
import { wattsAt } from '#simulator/machines/power-curve.ts';
import { runTrial, type Trial } from '#simulator/trial/trial.ts';
import { smallSpec, specificationOf } from './fixture.ts';

/* Pods of others: they use CPU and draw power like any Pod, and nobody places them. */

const COMMON = { background: { big: 3 } };

function worldWith(t: TestContext, change: Record<string, unknown>): World {
  return worldOf(specificationOf(t, { ...smallSpec(), ...change }));
}

/** All Pods of the application on one node. */
function trialOn(world: World, node: string): Trial {
  const placed = world.application.services.flatMap(({ name: service, replicas }) =>
    Array.from({ length: replicas }, (_, i) => {
      return { name: `${service}-${i}`, service, node, limitCores: Infinity };
    }),
  );
  return runTrial(world.stage, placed, 7);
}

function nodeOf({ interval }: Trial, name: string) {
  const node = interval.nodes.find((one) => one.name === name);
  assert.ok(node);
  return node;
}

test('they keep their cores busy, with and without the application', (t) => {
  const world = worldWith(t, COMMON);
  const alone = nodeOf(trialOn(world, 'small'), 'big');
  // Three cores of others and 0.1 of the system, of eight.
  assert.ok(Math.abs(alone.utilisation - 3.1 / 8) < 1e-9, String(alone.utilisation));
  const big = world.machines.find(({ name }) => name === 'big')!;
  assert.ok(Math.abs(alone.watts - wattsAt(big.curve, 3.1 / 8)) < 1e-9);
  const trial = trialOn(world, 'big');
  const own = trial.pods.reduce((sum, { cores }) => sum + cores, 0);
  assert.ok(own > 0.5, String(own));
  assert.ok(Math.abs(nodeOf(trial, 'big').utilisation - (3.1 + own) / 8) < 1e-9);
});

for (const meter of ['KeplerNew', 'KeplerOld'] as const) {
  test(`${meter} gives them what it gives any Pod: the same joules by core-second`, (t) => {
    // One metering interval from the first request to the end: one price.
    const world = worldWith(t, { ...COMMON, meter });
    const stage = { ...world.stage, warmUpSeconds: 1, windowSeconds: 1, meterSeconds: 1 };
    const trial = trialOn({ ...world, stage }, 'big');
    const node = nodeOf(trial, 'big');
    const cores = trial.pods.reduce((sum, one) => sum + one.cores, 0);
    const joules = trial.pods.reduce((sum, one) => sum + one.joules, 0);
    const others = node.otherPodsJoules ?? NaN;
    assert.ok(Math.abs(others / 3 / (joules / cores) - 1) < 1e-9, `${others} ${joules}`);
    const curve = world.machines.find(({ name }) => name === 'big')!.curve;
    const pot =
      meter === 'KeplerNew' ? node.joules * node.utilisation : node.joules - wattsAt(curve, 0);
    const system = (others * 0.1) / 3;
    assert.ok(Math.abs((joules + others + system) / pot - 1) < 1e-9);
    assert.equal(nodeOf(trial, 'small').otherPodsJoules, undefined);
  });
}

test('telemetry counts them among the Pods of the node, and says nothing else of them', (t) => {
  const world = worldWith(t, COMMON);
  const trial = trialOn(world, 'big');
  const window = { from: 0, to: 1000 };
  const { power } = readingsOf(trial, world.application, {
    ...{ namespace: 'simulated', window, minimumRequests: 1 },
  });
  const value = (of: ReadonlyMap<string, { readonly kind: string }>, key: string): number => {
    const reading = of.get(key) as { readonly kind: string; readonly value?: number } | undefined;
    assert.equal(reading?.kind, 'measured');
    return reading.value ?? NaN;
  };
  const own = trial.pods.reduce((sum, one) => sum + one.joules, 0);
  const all = own + (nodeOf(trial, 'big').otherPodsJoules ?? NaN);
  assert.ok(Math.abs(value(power.attributedJoules, 'big') - all) < 1e-9);
  assert.ok(all > 1.5 * own);
  assert.deepEqual(
    [...power.podJoules.keys()].sort(),
    trial.pods.map(({ pod }) => uidOf(pod.name)).sort(),
  );
});

test('the scheduler does not see them: it places as without', (t) => {
  const placedIn = (world: World) =>
    new RolloutRunner(world, defaultScheduler(world), 3).next().placed;
  assert.deepEqual(placedIn(worldWith(t, COMMON)), placedIn(worldWith(t, {})));
});

test('without them nothing changes, and a cluster with an API refuses them', (t) => {
  const plain = worldWith(t, {});
  const empty = worldWith(t, { background: {} });
  assert.deepEqual(trialOn(plain, 'big'), trialOn(empty, 'big'));
  const specification = specificationOf(t, { ...smallSpec(), ...COMMON });
  assert.throws(
    () => clusterOptionsOf(specification, 1),
    /background: found \{"big":3\}, expected nothing in a cluster with an API/,
  );
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RolloutRunner } from '#cli/simulate/rollout.ts';
import { defaultScheduler } from '#cli/simulate/static-schedulers.ts';
import type { Specification } from '#cli/simulate/specification.ts';
import { clusterOptionsOf, worldOf } from '#cli/simulate/world.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import type { Trial } from '#simulator/trial/trial.ts';
import { specificationOf, smallSpec } from './fixture.ts';

/* What a specification says arrives in the simulation, and changes what comes out of it. */

type Spec = ReturnType<typeof smallSpec> & Record<string, unknown>;

function trial(
  t: TestContext,
  change: (spec: Spec) => Record<string, unknown> = (spec) => spec,
): Trial {
  const world = worldOf(specificationOf(t, change(smallSpec())));
  return new RolloutRunner(world, defaultScheduler(world), 3).next().trial;
}

const services = (one: Trial): string[] => [...new Set(one.pods.map(({ pod }) => pod.service))];
const cores = (one: Trial): number => one.pods.reduce((sum, pod) => sum + pod.cores, 0);

test('Pod start-up time: requests fail until Pods are Ready, and only then', (t) => {
  const times = (startUpSeconds: number) => ({
    times: { warmUpSeconds: 1, windowSeconds: 2, startUpSeconds },
  });
  assert.equal(trial(t, (spec) => ({ ...spec, ...times(0.9) })).interval.failed, 0);
  const late = trial(t, (spec) => ({ ...spec, ...times(2) })).interval;
  const share = late.failed / (late.failed + late.completed);
  assert.ok(Math.abs(share - 0.5) < 0.1, String(share));
  const never = trial(t, (spec) => ({ ...spec, ...times(10) })).interval;
  assert.equal(never.completed, 0);
});

test('an nginx in front, and a waypoint, are Pods like any other', (t) => {
  const plain = trial(t);
  assert.ok(!services(plain).includes('nginx'));
  assert.ok(services(trial(t, (spec) => ({ ...spec, front: 'nginx' }))).includes('nginx'));
  const ambient = trial(t, (spec) => ({ ...spec, mesh: { kind: 'waypoint' } }));
  assert.ok(services(ambient).includes('waypoint'));
});

test('sidecars cost CPU and time; none cost neither', (t) => {
  const plain = trial(t);
  const none = trial(t, (spec) => ({ ...spec, mesh: { kind: 'none' } }));
  const dear = trial(t, (spec) => ({ ...spec, mesh: { kind: 'sidecar', httpCpuMilliseconds: 1 } }));
  assert.ok(cores(none) < cores(plain) && cores(plain) < cores(dear));
  assert.ok(none.interval.p50Milliseconds! < plain.interval.p50Milliseconds!);
});

test('interference and CPU scale cost CPU; limits hold', (t) => {
  const plain = trial(t);
  assert.ok(cores(trial(t, (spec) => ({ ...spec, interferenceSlope: 1 }))) > 1.01 * cores(plain));
  const half = cores(trial(t, (spec) => ({ ...spec, cpuScale: 0.5 })));
  assert.ok(half < 0.8 * cores(plain));
  const limited = trial(t, (spec) => ({
    ...spec,
    cpuLimits: true,
    load: { kind: 'closed', connections: 200 },
    application: {
      ...spec.application,
      services: spec.application.services.map((one) => ({ ...one, limitMillicores: 200 })),
    },
  }));
  for (const { cores: used } of limited.pods) assert.ok(used < 0.2 + 1e-6, String(used));
});

test('loads: open, closed, and a trace that changes its rate', (t) => {
  const closed = trial(t, (spec) => ({ ...spec, load: { kind: 'closed', connections: 4 } }));
  // Four connections without think time: throughput times response is four.
  const inFlight = (closed.interval.throughput * closed.interval.meanMilliseconds!) / 1000;
  assert.ok(Math.abs(inFlight - 4) < 0.2, String(inFlight));
  const specification = specificationOf(t, smallSpec());
  const traced: Specification = {
    ...specification,
    rest: {
      ...specification.rest,
      load: { kind: 'trace', file: 'x', stepSeconds: 1, scale: 1 },
      times: { ...specification.rest.times, windowSeconds: 8 },
    },
    trace: [10, 200],
  };
  const world = worldOf(traced);
  const runner = new RolloutRunner(world, defaultScheduler(world), 3);
  const { throughput } = runner.next().trial.interval;
  assert.ok(throughput > 80 && throughput < 130, String(throughput));
});

test('the generation of Kepler decides what Pods are accounted', (t) => {
  const plain = trial(t);
  const old = trial(t, (spec) => ({ ...spec, meter: 'KeplerOld' }));
  assert.deepEqual(old.interval, plain.interval);
  const sum = (one: Trial): number => one.pods.reduce((all, { joules }) => all + joules, 0);
  assert.notEqual(sum(old), sum(plain));
});

test('the same specification as a cluster with exporters', async (t) => {
  for (const meter of ['KeplerNew', 'KeplerOld'] as const) {
    const specification = specificationOf(t, { ...smallSpec(), meter });
    const cluster = createCluster(clusterOptionsOf(specification, 5));
    await cluster.start();
    await cluster.deployAll();
    const { completed } = cluster.advance(4);
    assert.ok(completed > 0);
    const name = specification.nodes[0]!.name;
    const response = await fetch(`${cluster.exporterUrl}/nodes/${name}/kepler/metrics`);
    const page = await response.text();
    const sign = meter === 'KeplerOld' ? 'kepler_exporter_build_info' : 'kepler_build_info';
    assert.match(page, new RegExp(`^${sign}\\{`, 'm'));
    await cluster.stop();
  }
});

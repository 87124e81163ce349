// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hotelReservation } from '#simulator/application/applications.ts';
import { FirstCompletion } from '#simulator/processors/first-completion.ts';
import { MIXED_MACHINES, SEED_MACHINES } from '#simulator/machines/machines.ts';
import { splitPlacement } from '#simulator/application/placements.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { DEFAULT_OVERHEADS } from '#simulator/application/overheads.ts';
import { wattsAt } from '#simulator/machines/power-curve.ts';
import { compile } from '#simulator/engine/program.ts';
import { runTrial, type PlacedPod, type Stage } from '#simulator/trial/trial.ts';

const STAGE: Stage = {
  program: compile(hotelReservation, 1),
  machines: SEED_MACHINES,
  overheads: DEFAULT_OVERHEADS,
  load: { kind: 'open', requestsPerSecond: 400 },
  warmUpSeconds: 0.5,
  windowSeconds: 4,
  meterSeconds: 0.25,
};

const PLACED: readonly PlacedPod[] = hotelReservation.services.map(({ name }, i) => ({
  name: `${name}-0`,
  service: name,
  node: i % 3 === 0 ? 'worker-1' : 'worker-2',
  limitCores: Infinity,
}));

test('the same stage, Pods and seed give the same trial bit for bit', () => {
  assert.deepEqual(runTrial(STAGE, PLACED, 9), runTrial(STAGE, PLACED, 9));
  assert.notDeepEqual(runTrial(STAGE, PLACED, 9).interval, runTrial(STAGE, PLACED, 10).interval);
});

test('energy is the curve at the mean utilisation, and Pods share the active part exactly', () => {
  const { interval, pods } = runTrial({ ...STAGE, meterSeconds: 4 }, PLACED, 9);
  for (const node of interval.nodes) {
    const curve = SEED_MACHINES.find(({ name }) => name === node.name)!.curve;
    const expected = wattsAt(curve, node.utilisation) * 4;
    // One metering interval covers the window, but for the half second of warm-up in it.
    assert.ok(Math.abs(node.joules / expected - 1) < 0.02, `${node.joules} ${expected}`);
    const own = pods.filter(({ pod }) => pod.node === node.name);
    const active = node.joules * node.utilisation;
    const attributed = own.reduce((sum, { joules }) => sum + joules, 0);
    const system = (active * 0.1) / (node.utilisation * 8);
    if (own.length > 0) assert.ok(Math.abs((attributed + system) / active - 1) < 0.02);
  }
});

test('the CPU of a node is that of its Pods and of the system, to rounding', () => {
  const { interval, pods } = runTrial(STAGE, PLACED, 9);
  const busy = pods.reduce((sum, { cores }) => sum + cores, 0);
  const utilised = interval.nodes.reduce((sum, { utilisation }) => sum + utilisation * 8, 0);
  assert.ok(Math.abs(busy + 3 * 0.1 - utilised) < 1e-9, `${busy + 0.3} ${utilised}`);
});

test('calls of a service are those that its callers made', () => {
  const { edges, pods } = runTrial(STAGE, PLACED, 9);
  for (const { pod, answered, failed } of pods) {
    const called = edges
      .filter(({ destination }) => destination === pod.service)
      .reduce((sum, { requests }) => sum + requests, 0);
    if (pod.service === 'frontend') assert.equal(called, 0);
    else assert.equal(called, answered.count);
    assert.equal(failed, 0);
  }
});

test('a service without a Pod fails the requests that need it, not the others', () => {
  const without = PLACED.filter(({ service }) => service !== 'recommendation');
  const { interval } = runTrial(STAGE, without, 9);
  const share = interval.failed / (interval.failed + interval.completed);
  assert.ok(Math.abs(share - 0.39) < 0.03, `${share}`);
});

test('a planner keeps what is bound, and pins hold', () => {
  const planner = new Planner({
    application: hotelReservation,
    machines: MIXED_MACHINES,
    sidecar: true,
    cpuLimits: true,
  });
  const pins = splitPlacement(hotelReservation, 'tx1320', 'r710');
  const service = hotelReservation.services[0]!;
  const pod = planner.pod(service, 0, pins[service.name]);
  planner.bind(pod, 'r710');
  assert.deepEqual(planner.placed, [
    { name: 'frontend-0', service: 'frontend', node: 'r710', limitCores: 1 },
  ]);
  const node = planner.nodes.find(({ name }) => name === 'r710')!;
  assert.equal(node.requested.actual.cpuMillicores, 200);
  assert.equal(node.pods.length, 1);
  assert.throws(() => planner.bind(pod, 'nowhere'), RangeError);
});

test('the first completion is the least of all, of the lowest number among equals', () => {
  const change = fc.record({ node: fc.nat(12), time: fc.constantFrom(1, 2, 3, 5, 8, Infinity) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
      const first = new FirstCompletion(13);
      const times = new Array<number>(13).fill(Infinity);
      for (const { node, time } of changes) {
        first.set(node, time);
        times[node] = time;
        assert.equal(first.time, Math.min(...times));
        if (first.time < Infinity) assert.equal(first.node, times.indexOf(first.time));
      }
    }),
  );
});

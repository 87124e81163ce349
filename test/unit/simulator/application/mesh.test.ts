// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotelReservation } from '#simulator/application/applications.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { withNginx, withWaypoint, ZTUNNEL } from '#simulator/application/mesh.ts';
import { DEFAULT_OVERHEADS } from '#simulator/application/overheads.ts';
import { compile } from '#simulator/engine/program.ts';
import { runTrial, type Trial } from '#simulator/trial/trial.ts';
import type { Application } from '#simulator/application/application.ts';

function trial(application: Application, interferenceSlope = 0): Trial {
  const stage = {
    program: compile(application, 1),
    machines: SEED_MACHINES,
    overheads: { ...DEFAULT_OVERHEADS, ...ZTUNNEL, interferenceSlope },
    load: { kind: 'open' as const, requestsPerSecond: 300 },
    warmUpSeconds: 1,
    windowSeconds: 20,
    meterSeconds: 0.25,
  };
  const placed = application.services.map(({ name }, i) => ({
    name: `${name}-0`,
    service: name,
    node: i % 2 === 0 ? 'worker-1' : 'worker-2',
    limitCores: Infinity,
  }));
  return runTrial(stage, placed, 11);
}

const callsOf = (one: Trial, service: string): number =>
  one.pods.find(({ pod }) => pod.service === service)?.answered.count ?? 0;

test('a waypoint sees every HTTP and gRPC call between services, and no TCP', () => {
  const one = trial(withWaypoint(hotelReservation));
  const behind = ['search', 'geo', 'rate', 'profile', 'recommendation', 'reservation', 'user'];
  const calls = behind.reduce((sum, service) => sum + callsOf(one, service), 0);
  assert.ok(calls > 5000);
  // Calls under way at the ends of the window are counted at one of the two only.
  assert.ok(Math.abs(callsOf(one, 'waypoint') / calls - 1) < 0.005);
  const stores = one.edges.filter(({ source }) => source === 'waypoint').map((e) => e.destination);
  assert.deepEqual(
    stores.filter((name) => name.startsWith('memcached') || name.startsWith('mongodb')),
    [],
  );
});

test('a waypoint costs 0.25 ms of CPU for each call, and two ztunnel sides beside it', () => {
  const one = trial(withWaypoint(hotelReservation));
  const waypoint = one.pods.find(({ pod }) => pod.service === 'waypoint')!;
  const perCall = (waypoint.cores * 20 * 1000) / waypoint.answered.count;
  // Serving, calling on, and the answer: two sides, and crossings on the way.
  assert.ok(perCall > 0.25 + 2 * 0.06 && perCall < 0.25 + 2 * 0.06 + 2 * 0.02 + 0.01, `${perCall}`);
});

test('every user request passes nginx once', () => {
  const one = trial(withNginx(hotelReservation));
  const front = callsOf(one, 'frontend');
  assert.ok(Math.abs(callsOf(one, 'nginx') / front - 1) < 0.005);
  assert.ok(Math.abs(one.interval.completed / front - 1) < 0.005);
});

test('interference costs CPU, and nothing while it is off', () => {
  const cores = (one: Trial): number => one.pods.reduce((sum, pod) => sum + pod.cores, 0);
  const alone = cores(trial(hotelReservation));
  assert.equal(cores(trial(hotelReservation, 0)), alone);
  const disturbed = cores(trial(hotelReservation, 0.5));
  // Each worker is busy to a fifth or so, so a burst meets about a tenth more work.
  assert.ok(disturbed > 1.03 * alone && disturbed < 1.2 * alone, `${disturbed / alone}`);
});

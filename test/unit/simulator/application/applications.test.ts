// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotelReservation } from '#simulator/application/applications.ts';
import { dataPinned, splitPlacement, tierFirst } from '#simulator/application/placements.ts';

/** Mean CPU per call of a service and request, and calls of each service, along the graph. */
function walk(operation: string, cpu: Map<string, number>, weight: number): number {
  const spec = hotelReservation.operations[operation]!;
  cpu.set(spec.service, (cpu.get(spec.service) ?? 0) + weight * spec.cpuMilliseconds);
  return spec.steps.flat().reduce((calls, call) => calls + 1 + walk(call, cpu, weight), 0);
}

function cpuPerRequest(): Map<string, number> {
  const cpu = new Map<string, number>();
  for (const request of hotelReservation.requests) walk(request.operation, cpu, request.share);
  return cpu;
}

test('CPU per average request is that of the published fits', () => {
  const cpu = cpuPerRequest();
  const expected = {
    frontend: 2.47,
    reservation: 1.51,
    profile: 1.18,
    search: 1.14,
    geo: 0.63,
    rate: 0.58,
    recommendation: 0.23,
    user: 0.003,
  };
  for (const [service, milliseconds] of Object.entries(expected)) {
    assert.ok(
      Math.abs(cpu.get(service)! - milliseconds) < 0.015,
      `${service} ${cpu.get(service)!}`,
    );
  }
  const total = [...cpu.values()].reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(total - 7.75) < 0.1, String(total));
});

test('data stores cost microseconds, and steady-state MongoDB only sees reservations', () => {
  const cpu = cpuPerRequest();
  const stores = hotelReservation.services.filter(({ tier }) => tier === 'data');
  const sum = stores.reduce((total, { name }) => total + (cpu.get(name) ?? 0), 0);
  assert.ok(sum > 0 && sum < 0.1, String(sum));
  const mongos = stores.filter(({ name }) => name.startsWith('mongodb') && cpu.has(name));
  assert.deepEqual(
    mongos.map(({ name }) => name),
    ['mongodb-reservation'],
  );
});

test('a search that finds hotels makes 9 calls, a recommendation 3', () => {
  assert.equal(walk('frontend.hotels.full', new Map(), 1), 9);
  assert.equal(walk('frontend.hotels.empty', new Map(), 1), 5);
  assert.equal(walk('frontend.recommendations', new Map(), 1), 3);
});

test('19 services: 8 business, 9 data, 2 infrastructure, all in the manifest order', () => {
  const count = (tier: string) => hotelReservation.services.filter((s) => s.tier === tier).length;
  assert.deepEqual([count('business'), count('data'), count('infra')], [8, 9, 2]);
  const names = hotelReservation.services.map(({ name }) => name);
  assert.deepEqual([...hotelReservation.manifestOrder].sort(), [...names].sort());
});

test('scenarios are node selectors in Pod templates', () => {
  const split = splitPlacement(hotelReservation, 'w1', 'w2');
  assert.equal(Object.keys(split).length, 19);
  assert.deepEqual(split['memcached-rate'], { nodeSelector: { 'kubernetes.io/hostname': 'w1' } });
  assert.deepEqual(split['frontend'], { nodeSelector: { 'kubernetes.io/hostname': 'w2' } });
  const pinned = dataPinned(hotelReservation, 'w1');
  assert.equal(Object.keys(pinned).length, 9);
  assert.equal(pinned['frontend'], undefined);
  const order = tierFirst(hotelReservation, 'business');
  assert.deepEqual(order.slice(0, 3), ['frontend', 'geo', 'profile']);
  assert.equal(order.length, 19);
});

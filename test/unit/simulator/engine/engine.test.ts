// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PerihelionError } from '#errors';
import type { Application } from '#simulator/application/application.ts';
import { hotelReservation, singleQueue } from '#simulator/application/applications.ts';
import { Engine } from '#simulator/engine/engine.ts';
import { CONSTANT } from '#simulator/random/law.ts';
import { DEFAULT_OVERHEADS, NO_OVERHEADS } from '#simulator/application/overheads.ts';
import { compile } from '#simulator/engine/program.ts';

const TWO_NODES = [
  { cores: 8, speed: 1 },
  { cores: 8, speed: 1 },
];

/** hotelReservation with Pods placed by service number. */
function hotel(seed: number, nodeOf: (service: number) => number): Engine {
  const engine = new Engine(compile(hotelReservation, 1), TWO_NODES, DEFAULT_OVERHEADS, seed);
  hotelReservation.services.forEach((_, service) => {
    engine.pods.setReady(engine.pods.add(service, nodeOf(service), Infinity), true);
  });
  return engine;
}

/** `a` calls `b` and `c` one after another, or in parallel. All bursts take exactly 10 ms. */
function chain(parallel: boolean): Application {
  const [a] = singleQueue(10).services;
  const operation = (service: string, cpuMilliseconds: number, steps: string[][] = []) => ({
    service,
    cpuMilliseconds,
    law: CONSTANT,
    steps,
  });
  return {
    name: 'chain',
    services: ['a', 'b', 'c'].map((name) => ({ ...a!, name })),
    manifestOrder: ['a', 'b', 'c'],
    requests: [{ name: 'get', share: 1, operation: 'a.get' }],
    operations: {
      'a.get': operation(
        'a',
        parallel ? 20 : 30,
        parallel ? [['b.get', 'c.get']] : [['b.get'], ['c.get']],
      ),
      'b.get': operation('b', 10),
      'c.get': operation('c', 10),
    },
  };
}

function onePass(application: Application): number {
  const engine = new Engine(compile(application, 1), TWO_NODES, NO_OVERHEADS, 1);
  application.services.forEach((_, service) => {
    engine.pods.setReady(engine.pods.add(service, 0, Infinity), true);
  });
  engine.setLoad({ kind: 'closed', connections: 1 });
  engine.run(10);
  return engine.latencies.quantiles(1)[0]!;
}

test('steps follow one another, the calls of one step run at the same time', () => {
  assert.ok(Math.abs(onePass(chain(false)) - 0.05) < 1e-9);
  assert.ok(Math.abs(onePass(chain(true)) - 0.03) < 1e-9);
});

test('the same seed gives the same run, bit for bit', () => {
  const run = (seed: number): unknown => {
    const engine = hotel(seed, (service) => service % 2);
    engine.setLoad({ kind: 'open', requestsPerSecond: 400 });
    engine.run(3);
    engine.setLoad({ kind: 'closed', connections: 50 });
    engine.run(6);
    const { events, crossNodeCalls, latencies, pods } = engine;
    const cpuSeconds = hotelReservation.services.map((_, slot) => pods.cpuSeconds(slot));
    return [events, crossNodeCalls, latencies.mean(), ...pods.nodeCpuSeconds, ...cpuSeconds];
  };
  assert.deepEqual(run(9), run(9));
  assert.notDeepEqual(run(9), run(10));
});

test('running in slices changes nothing', () => {
  const run = (slice: number): unknown => {
    const engine = hotel(4, (service) => service % 2);
    engine.setLoad({ kind: 'open', requestsPerSecond: 400 });
    for (let step = 1; step * slice <= 4; step++) engine.run(step * slice);
    const { events, latencies } = engine;
    return [events, latencies.size, latencies.quantiles(0.5, 0.99).map((x) => x!.toFixed(9))];
  };
  assert.deepEqual(run(4), run(0.25));
});

test('calls between nodes cost their round trip and CPU at both ends, calls within do not', () => {
  const overheads = {
    ...NO_OVERHEADS,
    sameNodeRoundTripSeconds: 0.001,
    otherNodeRoundTripSeconds: 0.004,
    crossNodeCpuSeconds: 0.0005,
  };
  const measure = (nodes: readonly number[]): { latency: number; cpu: number; crossed: number } => {
    const engine = new Engine(compile(chain(false), 1), TWO_NODES, overheads, 1);
    nodes.forEach((node, service) => {
      engine.pods.setReady(engine.pods.add(service, node, Infinity), true);
    });
    engine.setLoad({ kind: 'closed', connections: 1 });
    engine.run(100);
    const cpu = engine.pods.nodeCpuSeconds[0]! + engine.pods.nodeCpuSeconds[1]!;
    const requests = engine.latencies.size;
    const crossed = engine.crossNodeCalls / requests;
    return { latency: engine.latencies.quantiles(0.5)[0]!, cpu: cpu / requests, crossed };
  };
  const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-4;
  const together = measure([0, 0, 0]);
  const apart = measure([0, 1, 0]);
  assert.equal(together.crossed, 0);
  assert.ok(Math.abs(apart.crossed - 1) < 0.01);
  // The client is always far: 50 ms of work, its own round trip and CPU, two near calls.
  assert.ok(close(together.latency, 0.05 + 0.004 + 0.0005 + 0.002));
  assert.ok(close(apart.latency - together.latency, 0.003 + 0.001));
  assert.ok(close(apart.cpu - together.cpu, 0.001));
});

test('CPU of the Pods adds up to the CPU of their node', () => {
  const engine = hotel(3, (service) => service % 2);
  engine.setLoad({ kind: 'open', requestsPerSecond: 500 });
  engine.run(10);
  const sums = [0, 0];
  hotelReservation.services.forEach((_, slot) => {
    sums[engine.pods.node(slot)]! += engine.pods.cpuSeconds(slot);
  });
  sums.forEach((sum, node) => {
    assert.ok(Math.abs(sum - engine.pods.nodeCpuSeconds[node]!) < 1e-9);
  });
});

test('a CPU limit caps the throughput of a Pod', () => {
  const engine = new Engine(compile(singleQueue(10), 1), [{ cores: 8, speed: 1 }], NO_OVERHEADS, 1);
  engine.pods.setReady(engine.pods.add(0, 0, 1), true);
  engine.setLoad({ kind: 'closed', connections: 20 });
  engine.run(60);
  assert.ok(Math.abs(engine.latencies.size / 60 - 100) < 3);
  assert.ok(Math.abs(engine.pods.cpuSeconds(0) - 60) < 0.1);
});

test('replicas share the calls in turn', () => {
  const engine = new Engine(compile(singleQueue(10), 1), TWO_NODES, NO_OVERHEADS, 1);
  for (const node of [0, 1]) engine.pods.setReady(engine.pods.add(0, node, Infinity), true);
  engine.setLoad({ kind: 'open', requestsPerSecond: 400 });
  engine.run(100);
  assert.ok(Math.abs(engine.pods.cpuSeconds(0) / engine.pods.cpuSeconds(1) - 1) < 0.03);
});

test('without a ready Pod requests fail, and come right when one is ready', () => {
  const engine = new Engine(compile(singleQueue(10), 1), TWO_NODES, NO_OVERHEADS, 1);
  const slot = engine.pods.add(0, 0, Infinity);
  engine.setLoad({ kind: 'closed', connections: 4 });
  engine.run(1);
  assert.equal(engine.latencies.size, 0);
  assert.ok(engine.failedRequests > 0);
  engine.pods.setReady(slot, true);
  engine.run(2);
  engine.resetInterval();
  engine.run(3);
  assert.equal(engine.failedRequests, 0);
  // Four connections on eight cores: four every 10 ms on average.
  const [completed] = [engine.latencies].map((log) => log.size);
  assert.ok(Math.abs(completed! - 400) < 60, String(completed));
});

test('a removed Pod finishes its calls and its slot is used again', () => {
  const engine = new Engine(compile(singleQueue(10), 1), TWO_NODES, NO_OVERHEADS, 1);
  const old = engine.pods.add(0, 0, Infinity);
  engine.pods.setReady(old, true);
  engine.setLoad({ kind: 'closed', connections: 10 });
  engine.run(1);
  const fresh = engine.pods.add(0, 1, Infinity);
  assert.notEqual(fresh, old);
  engine.pods.setReady(fresh, true);
  engine.pods.remove(old);
  engine.run(2);
  assert.equal(engine.failedRequests, 0);
  assert.equal(engine.pods.jobs(old), 0);
  assert.equal(engine.pods.add(0, 0, Infinity), old);
});

test('changing from connections to a stream and back keeps the number of connections', () => {
  const engine = new Engine(compile(singleQueue(10), 1), TWO_NODES, NO_OVERHEADS, 1);
  engine.pods.setReady(engine.pods.add(0, 0, Infinity), true);
  engine.setLoad({ kind: 'closed', connections: 30 });
  engine.run(1);
  engine.setLoad({ kind: 'open', requestsPerSecond: 300 });
  engine.run(2);
  engine.setLoad({ kind: 'closed', connections: 12 });
  engine.run(4);
  assert.equal(engine.callsInProgress, 12);
  engine.setLoad({ kind: 'closed', connections: 5 });
  engine.run(6);
  assert.equal(engine.callsInProgress, 5);
});

test('impossible input is refused by name', () => {
  const engine = hotel(1, () => 0);
  const invalid = (field: string) => (error: unknown) =>
    error instanceof PerihelionError &&
    error.code === 'PERI_SIMULATION_INVALID' &&
    error.message.startsWith(field);
  assert.throws(() => engine.setLoad({ kind: 'open', requestsPerSecond: -1 }), invalid('load.'));
  assert.throws(() => engine.setLoad({ kind: 'closed', connections: 1.5 }), invalid('load.'));
  assert.throws(() => compile(hotelReservation, 0), invalid('cpuScale'));
  const broken = { ...hotelReservation, requests: [{ name: 'x', share: 1, operation: 'nowhere' }] };
  assert.throws(() => compile(broken, 1), invalid('requests.x.operation'));
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singleQueue } from '#simulator/application/applications.ts';
import { Engine } from '#simulator/engine/engine.ts';
import type { Load } from '#simulator/application/load.ts';
import { NO_OVERHEADS } from '#simulator/application/overheads.ts';
import { compile } from '#simulator/engine/program.ts';

/** A service of 10 ms on a machine of so many cores, with nothing else. */
function queue(cores: number, load: Load, options: { exponential?: boolean; speed?: number } = {}) {
  const { exponential = true, speed = 1 } = options;
  const program = compile(singleQueue(10, exponential), 1);
  const engine = new Engine(program, [{ cores, speed }], NO_OVERHEADS, 42);
  const slot = engine.pods.add(0, 0, Infinity);
  engine.pods.setReady(slot, true);
  engine.setLoad(load);
  return engine;
}

const open = (requestsPerSecond: number): Load => ({ kind: 'open', requestsPerSecond });

function near(found: number, expected: number, tolerance: number): void {
  const error = Math.abs(found / expected - 1);
  assert.ok(error <= tolerance, `found ${found}, expected ${expected} within ${tolerance * 100} %`);
}

/** Mean response of M/M/c from the Erlang C formula; lambda and mu per second. */
function erlangMean(servers: number, lambda: number, mu: number): number {
  const offered = lambda / mu;
  let inverse = 1;
  for (let k = 1; k <= servers; k++) inverse = 1 + (k / offered) * inverse;
  const blocking = 1 / inverse;
  const utilisation = offered / servers;
  const waiting = blocking / (1 - utilisation * (1 - blocking));
  return waiting / (servers * mu - lambda) + 1 / mu;
}

for (const lambda of [30, 50, 70]) {
  test(`M/M/1-PS at ${lambda} % load: mean response 1/(mu - lambda)`, () => {
    const engine = queue(1, open(lambda));
    engine.run(6000);
    near(engine.latencies.mean()!, 1 / (100 - lambda), 0.02);
  });
}

for (const cores of [2, 4, 8]) {
  test(`M/M/${cores} at 75 % load: mean response of the Erlang C formula`, () => {
    const engine = queue(cores, open(75 * cores));
    engine.run(2400);
    near(engine.latencies.mean()!, erlangMean(cores, 75 * cores, 100), 0.02);
  });
}

test('processor sharing does not care about the law of the service time', () => {
  const engine = queue(1, open(60), { exponential: false });
  engine.run(6000);
  near(engine.latencies.mean()!, 1 / (100 - 60), 0.02);
});

test('utilisation law: busy cores = throughput x service time', () => {
  const engine = queue(4, open(240));
  engine.run(2000);
  near(engine.pods.nodeCpuSeconds[0]! / 2000, 240 * 0.01, 0.01);
});

test("Little's law: calls in progress = throughput x response", () => {
  const engine = queue(2, open(150));
  let inProgress = 0;
  const steps = 200_000;
  for (let step = 1; step <= steps; step++) {
    engine.run(step * 0.005);
    inProgress += engine.callsInProgress;
  }
  const throughput = engine.latencies.size / engine.now;
  near(inProgress / steps, throughput * engine.latencies.mean()!, 0.01);
});

test('a core of twice the speed halves the service time', () => {
  const engine = queue(1, open(20), { speed: 2 });
  engine.run(4000);
  near(engine.latencies.mean()!, 1 / (200 - 20), 0.02);
});

test('closed loop: throughput is flat and latency grows with the connections', () => {
  const measured = [20, 40, 80, 160, 320].map((connections) => {
    const engine = queue(4, { kind: 'closed', connections });
    engine.run(2);
    engine.resetInterval();
    engine.run(62);
    const [p99] = engine.latencies.quantiles(0.99);
    const mean = engine.latencies.mean()!;
    return { connections, throughput: engine.latencies.size / 60, mean, p99: p99! };
  });
  for (const { connections, throughput, mean, p99 } of measured) {
    near(throughput, 400, 0.02);
    // Response time law without think time: N = X R.
    near(mean * throughput, connections, 0.03);
    // The tail of processor sharing scales with N as well.
    near(p99 / connections, measured[2]!.p99 / 80, 0.15);
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '#errors';
import { singleQueue } from '#simulator/application/applications.ts';
import { Engine } from '#simulator/engine/engine.ts';
import { checkLoad, nextOfTrace, type Load } from '#simulator/application/load.ts';
import { NO_OVERHEADS } from '#simulator/application/overheads.ts';
import { compile } from '#simulator/engine/program.ts';
import { Random } from '#simulator/random/random.ts';

const trace = (rates: number[], stepSeconds = 1) => ({
  kind: 'trace' as const,
  stepSeconds,
  rates,
});

test('the rate of a trace is integrated from step to step', () => {
  const load = trace([2, 0, 4]);
  // 0.5 s of rate 2 is one unit.
  assert.equal(nextOfTrace(load, 0, 1), 0.5);
  // Two units end the first step; the third comes 0.25 s into the last step.
  assert.equal(nextOfTrace(load, 0, 3), 2.25);
  // From the middle of a step on.
  assert.equal(nextOfTrace(load, 2.5, 1), 2.75);
  // Behind the last step it begins again.
  assert.equal(nextOfTrace(load, 2.75, 2), 3.5);
});

test('a trace brings so many requests in each step, Poisson', () => {
  const engine = new Engine(
    compile(singleQueue(0.001), 1),
    [{ cores: 8, speed: 1 }],
    NO_OVERHEADS,
    5,
  );
  engine.pods.setReady(engine.pods.add(0, 0, Infinity), true);
  engine.setLoad(trace([100, 0, 400], 10));
  const counts: number[] = [];
  for (let step = 0; step < 60; step++) {
    engine.resetInterval();
    engine.run((step + 1) * 10);
    counts.push(engine.latencies.size);
  }
  const mean = (first: number): number =>
    counts.filter((_, i) => i % 3 === first).reduce((sum, count) => sum + count, 0) / 20;
  assert.ok(Math.abs(mean(0) - 1000) < 4 * Math.sqrt(1000 / 20), `${mean(0)}`);
  assert.equal(mean(1), 0);
  assert.ok(Math.abs(mean(2) - 4000) < 4 * Math.sqrt(4000 / 20), `${mean(2)}`);
});

test('a constant trace has the gaps of an open stream', () => {
  const random = new Random(3);
  let time = 0;
  let sum = 0;
  const n = 20_000;
  for (let i = 0; i < n; i++) {
    const next = nextOfTrace(trace([50]), time, random.exponential(1));
    sum += (next - time) ** 2;
    time = next;
  }
  assert.ok(Math.abs(n / time / 50 - 1) < 0.02);
  // The second moment of an exponential gap of mean m is 2 m^2.
  assert.ok(Math.abs(sum / n / (2 / 50 ** 2) - 1) < 0.06);
});

test('an impossible load is named', () => {
  const wrong: readonly (readonly [Load, string])[] = [
    [{ kind: 'open', requestsPerSecond: -1 }, 'load.requestsPerSecond'],
    [{ kind: 'closed', connections: 0.5 }, 'load.connections'],
    [trace([1, NaN]), 'load.rates[1]'],
    [trace([0, 0]), 'load.rates'],
    [trace([]), 'load.rates'],
    [trace([1], 0), 'load.stepSeconds'],
  ];
  for (const [load, field] of wrong) {
    assert.throws(
      () => checkLoad(load),
      (error: unknown) => error instanceof InputError && error.field === field,
    );
  }
});

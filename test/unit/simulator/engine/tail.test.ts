// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singleQueue } from '#simulator/application/applications.ts';
import { Engine } from '#simulator/engine/engine.ts';
import { NO_OVERHEADS } from '#simulator/application/overheads.ts';
import { compile } from '#simulator/engine/program.ts';

/*
 * The whole distribution of M/M/c with processor sharing, not its mean alone. A job that meets n
 * others is gone after t with probability 1 - W_n(t), where
 *
 *   W_n' = -(lambda + (n + 1) r_n) W_n + lambda W_{n+1} + n r_n W_{n-1},   r_n = mu min(1, c / (n+1)),
 *
 * because each of the n + 1 jobs leaves at rate r_n. An arrival meets n with the probability of the
 * birth-death chain of M/M/c (Poisson arrivals see time averages).
 */

const MU = 100;
const STATES = 160;

function stationary(servers: number, lambda: number): number[] {
  const weights = [1];
  for (let n = 1; n < STATES; n++) {
    weights.push((weights[n - 1]! * lambda) / (MU * Math.min(n, servers)));
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Quantiles of the response time, seconds, by Runge-Kutta steps of the equations above. */
function exactQuantiles(servers: number, lambda: number, shares: readonly number[]): number[] {
  const met = stationary(servers, lambda);
  const rate = (n: number): number => MU * Math.min(1, servers / (n + 1));
  const slope = (w: Float64Array): Float64Array =>
    w.map((value, n) => {
      const more = n + 1 < STATES ? w[n + 1]! : value;
      const less = n > 0 ? n * rate(n) * w[n - 1]! : 0;
      return -(lambda + (n + 1) * rate(n)) * value + lambda * more + less;
    });
  const plus = (w: Float64Array, k: Float64Array, h: number): Float64Array =>
    w.map((value, n) => value + h * k[n]!);
  const h = 0.001;
  let w = new Float64Array(STATES).fill(1);
  let before = 1;
  const found: number[] = [];
  for (let step = 1; found.length < shares.length; step++) {
    const k1 = slope(w);
    const k2 = slope(plus(w, k1, h / 2));
    const k3 = slope(plus(w, k2, h / 2));
    const k4 = slope(plus(w, k3, h));
    w = w.map((value, n) => value + (h / 6) * (k1[n]! + 2 * k2[n]! + 2 * k3[n]! + k4[n]!));
    const left = w.reduce((sum, value, n) => sum + met[n]! * value, 0);
    while (found.length < shares.length && left <= 1 - shares[found.length]!) {
      const part = (before - (1 - shares[found.length]!)) / (before - left);
      found.push((step - 1 + part) * h);
    }
    before = left;
  }
  return found;
}

function simulated(servers: number, lambda: number, seconds: number): Engine {
  const program = compile(singleQueue(1000 / MU), 1);
  const engine = new Engine(program, [{ cores: servers, speed: 1 }], NO_OVERHEADS, 17);
  engine.pods.setReady(engine.pods.add(0, 0, Infinity), true);
  engine.setLoad({ kind: 'open', requestsPerSecond: lambda });
  engine.run(50);
  engine.resetInterval();
  engine.run(50 + seconds);
  return engine;
}

for (const [servers, lambda] of [
  [1, 50],
  [1, 70],
  [4, 300],
  [8, 640],
] as const) {
  test(`M/M/${servers} at ${lambda / servers} % load: median, p90, p99 within 3 %`, () => {
    const shares = [0.5, 0.9, 0.99];
    const exact = exactQuantiles(servers, lambda, shares);
    const engine = simulated(servers, lambda, 600_000 / lambda);
    engine.latencies.quantiles(...shares).forEach((found, i) => {
      const error = Math.abs(found! / exact[i]! - 1);
      assert.ok(error < 0.03, `quantile ${shares[i]}: found ${found}, expected ${exact[i]}`);
    });
  });
}

test('variance of M/M/1 with processor sharing: (2 + u) / ((1 - u)^2 (2 - u) mu^2)', () => {
  const u = 0.6;
  const engine = simulated(1, u * MU, 20_000);
  // The middle of each of 20,000 equal parts of the sorted responses.
  const parts = 20_000;
  const shares = Array.from({ length: parts }, (_, i) => (i + 0.5) / parts);
  const mean = engine.latencies.mean()!;
  const squares = engine.latencies.quantiles(...shares).map((value) => (value! - mean) ** 2);
  const variance = squares.reduce((sum, square) => sum + square, 0) / parts;
  const expected = (2 + u) / ((1 - u) ** 2 * (2 - u) * MU ** 2);
  assert.ok(Math.abs(variance / expected - 1) < 0.03, `found ${variance}, expected ${expected}`);
});

for (const [servers, lambda] of [
  [1, 70],
  [4, 300],
] as const) {
  test(`M/M/${servers}: share of time with n requests is that of the birth-death chain`, () => {
    const exact = stationary(servers, lambda);
    const engine = simulated(servers, lambda, 1);
    const counts = new Array<number>(STATES).fill(0);
    const samples = 150_000;
    for (let i = 0; i < samples; i++) {
      engine.run(engine.now + 0.02);
      counts[engine.callsInProgress]!++;
    }
    // Tails, which are what waiting is made of.
    for (const n of [servers, servers + 2]) {
      const found = counts.slice(n).reduce((sum, count) => sum + count, 0) / samples;
      const expected = exact.slice(n).reduce((sum, share) => sum + share, 0);
      assert.ok(Math.abs(found / expected - 1) < 0.03, `P(N >= ${n}): ${found}, ${expected}`);
    }
  });
}

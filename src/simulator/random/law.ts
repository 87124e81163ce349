// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/**
 * How the CPU time of one stage varies around its mean. `bimodal`: with probability `fastShare`
 * the stage is exponential with mean `fastFactor` x mean, else with the mean that keeps the whole
 * at the mean.
 */
export type Law =
  | { readonly kind: 'constant' }
  | { readonly kind: 'exponential' }
  | { readonly kind: 'bimodal'; readonly fastShare: number; readonly fastFactor: number };

export const CONSTANT: Law = { kind: 'constant' };
export const EXPONENTIAL: Law = { kind: 'exponential' };

/** Draws one value with this law and mean. */
export function sample(law: Law, mean: number, random: Random): number {
  if (law.kind === 'exponential') return random.exponential(mean);
  if (law.kind === 'constant') return mean;
  const fast = random.next() < law.fastShare;
  const factor = fast ? law.fastFactor : (1 - law.fastShare * law.fastFactor) / (1 - law.fastShare);
  return random.exponential(mean * factor);
}

/** A positive delay given by two of its quantiles, seconds. */
export interface DelayQuantiles {
  readonly medianSeconds: number;
  readonly p99Seconds: number;
}

/** Standard normal quantile of 0.99. */
const Z99 = 2.3263478740408408;
const TABLE_SIZE = 1024;

/**
 * The lognormal law through a median and a 99th percentile as a table of equally likely values:
 * one table look-up per draw instead of a logarithm and a cosine.
 */
export function lognormalTable(quantiles: DelayQuantiles): Float64Array {
  const table = new Float64Array(TABLE_SIZE);
  if (quantiles.medianSeconds <= 0) return table;
  const sigma = Math.log(quantiles.p99Seconds / quantiles.medianSeconds) / Z99;
  let z = -3.5;
  for (let i = 0; i < TABLE_SIZE; i++) {
    z = normalQuantile((i + 0.5) / TABLE_SIZE, z);
    table[i] = quantiles.medianSeconds * Math.exp(sigma * z);
  }
  return table;
}

/** Newton steps that are always enough from a neighbour of the table. */
const NEWTON_STEPS = 12;

/** Inverse of the standard normal distribution function, by Newton's method from a near guess. */
function normalQuantile(probability: number, guess: number): number {
  let z = guess;
  for (let i = 0; i < NEWTON_STEPS; i++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const step = (normalCumulative(z) - probability) / density;
    z -= Math.max(-0.5, Math.min(0.5, step));
    if (Math.abs(step) < 1e-13) break;
  }
  return z;
}

/** Phi(z) by the series z + z^3/3 + z^5/15 + ... times the density; exact to double rounding. */
function normalCumulative(z: number): number {
  const magnitude = Math.abs(z);
  let term = magnitude;
  let sum = magnitude;
  for (let n = 3; term > 1e-17 * sum && n < 400; n += 2) {
    term *= (magnitude * magnitude) / n;
    sum += term;
  }
  const area = (sum * Math.exp((-magnitude * magnitude) / 2)) / Math.sqrt(2 * Math.PI);
  return z < 0 ? 0.5 - area : 0.5 + area;
}

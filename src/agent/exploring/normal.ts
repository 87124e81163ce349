// SPDX-License-Identifier: Apache-2.0

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** Terms of the continued fraction; enough for full accuracy from 3 on. */
const FRACTION_TERMS = 60;

/**
 * Probability of a standard normal number below x, to about 1e-14 of the smaller tail: near 0 the
 * series `1/2 + phi(x) (x + x^3/3 + x^5/(3*5) + ...)` (Abramowitz & Stegun 26.2.11), in the tails
 * Laplace's continued fraction `phi(x) / (x + 1/(x + 2/(x + ...)))` (26.2.14).
 */
export function normalCumulative(x: number): number {
  if (x > 3) return 1 - upperTail(x);
  if (x < -3) return upperTail(-x);
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + normalDensity(x) * sum;
}

function upperTail(x: number): number {
  let fraction = x;
  for (let term = FRACTION_TERMS; term >= 1; term -= 1) fraction = x + term / fraction;
  return normalDensity(x) / fraction;
}

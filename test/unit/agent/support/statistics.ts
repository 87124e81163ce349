// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';

/** Mean of independent runs and its standard error. */
export interface Summary {
  readonly mean: number;
  readonly standardError: number;
}

/** Mean and standard error of values of independent runs (at least two). */
export function summarise(values: readonly number[]): Summary {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Standard errors of a difference that a test allows: one false alarm in 16,000 new seeds. */
const ALLOWED_ERRORS = 4;

/** How exact a published figure is. */
export interface Published {
  readonly expected: number;
  /** Half a unit of its last digit. */
  readonly rounding: number;
  /** Independent runs behind it; Infinity = computed exactly. */
  readonly runs: number;
}

/**
 * Asserts that a simulated mean agrees with a published one. Allowed: four standard errors of the
 * difference, plus the rounding of the published figure. Its own spread is not published; it is
 * taken to be that of our runs, scaled to the number of its runs.
 */
export function assertAgrees(label: string, values: readonly number[], published: Published): void {
  const { mean, standardError } = summarise(values);
  const errorOfDifference = standardError * Math.sqrt(1 + values.length / published.runs);
  const allowed = ALLOWED_ERRORS * errorOfDifference + published.rounding;
  assert.ok(
    Math.abs(mean - published.expected) <= allowed,
    `${label}: ${mean.toFixed(4)}, expected ${published.expected} +- ${allowed.toFixed(4)}`,
  );
}

/** Asserts that the mean of paired differences is below 0 by four standard errors. */
export function assertBelow(
  label: string,
  smaller: readonly number[],
  greater: readonly number[],
): void {
  const differences = smaller.map((value, index) => value - (greater[index] ?? NaN));
  const { mean, standardError } = summarise(differences);
  assert.ok(
    mean + ALLOWED_ERRORS * standardError < 0,
    `${label}: difference ${mean.toFixed(4)} +- ${standardError.toFixed(4)} is not below 0`,
  );
}

/** Does the same thing so many times. */
export function repeat(count: number, body: () => void): void {
  for (let time = 0; time < count; time += 1) body();
}

/** The numbers 0 to count - 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

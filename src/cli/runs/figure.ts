// SPDX-License-Identifier: Apache-2.0

/** A figure of a result file: mean and 95 % interval over n seeds or runs. */
export interface Figure {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly unit: string;
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom 1..30. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

/**
 * Mean and 95 % interval (Student's t) of one value per seed or run.
 *
 * @param values at least one finite number
 * @param unit stands in the result, for example `milliseconds`
 */
export function figureOf(values: readonly number[], unit: string): Figure {
  const n = values.length;
  if (n === 0 || !values.every(Number.isFinite)) {
    throw new RangeError(`a figure needs finite values, found [${values.join(', ')}]`);
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, low: mean, high: mean, n, unit };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = (T_975[n - 2] ?? 1.96) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n, unit };
}

// SPDX-License-Identifier: Apache-2.0
import { BASELINE_DECAY, type Baseline } from './baseline.ts';

/** A 95 % interval of a mean. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Equally weighted samples that would tell as much. */
  readonly effectiveSamples: number;
}

/** Quantile of the standard normal distribution at 0.975. */
const NORMAL = 1.959963984540054;

/**
 * The 95 % interval of a baseline's true mean. With decay d a weight of W stands for n samples
 * with d^n = 1 - W(1 - d), whose squared weights add up to S = (1 - d^2n)/(1 - d^2). Kish's
 * effective number is W^2/S, the unbiased variance is variance/(1 - S/W^2), and the width is that
 * of Student's t with one degree of freedom less. Undefined below 2 effective samples.
 */
export function baselineInterval(
  baseline: Baseline,
  decay: number = BASELINE_DECAY,
): Interval | undefined {
  const { mean, variance, weight } = baseline;
  const left = Math.max(0, 1 - weight * (1 - decay));
  const squares = decay < 1 ? (1 - left * left) / (1 - decay * decay) : weight;
  const effectiveSamples = (weight * weight) / squares;
  if (!(effectiveSamples >= 2)) return undefined;
  const unbiased = Math.max(0, variance) / (1 - 1 / effectiveSamples);
  const half = studentQuantile(effectiveSamples - 1) * Math.sqrt(unbiased / effectiveSamples);
  return { low: mean - half, high: mean + half, effectiveSamples };
}

/**
 * The quantile at 0.975 of Student's t for any number of degrees of freedom from 1 on:
 * Cornish-Fisher expansion about the normal one (Abramowitz & Stegun 26.7.5), exact for 1 and 2.
 */
export function studentQuantile(freedom: number): number {
  if (freedom <= 1) return 12.7062047364;
  if (freedom < 3) {
    // Between the exact values at 1, 2 and 3, straight in the logarithm.
    const exact = [12.7062047364, 4.30265272975, 3.18244630528];
    const index = Math.min(1, Math.floor(freedom - 1));
    const [low = 1, high = 1] = [exact[index], exact[index + 1]];
    return low * (high / low) ** (freedom - 1 - index);
  }
  const z = NORMAL;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3 + g4 / freedom ** 4;
}

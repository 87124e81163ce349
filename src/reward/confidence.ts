// SPDX-License-Identifier: Apache-2.0

/** A value with an interval around it. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Chance that an interval ever misses the truth, however often it is looked at. */
export const ERROR_CHANCE = 0.05;

/** The intervals are tightest, for what they promise, at about so many values. */
const TUNED_FOR = 100;

/**
 * `TUNED_FOR / (-W(-alpha^2 / e) - 1)` with Lambert's W on its lower branch, where
 * `W(-alpha^2 / e)` is -9.21 for alpha = 0.05: what makes the mixture tightest there (Howard et
 * al., section 3.5 "Tuning boundaries").
 */
const MIXTURE = TUNED_FOR / 8.21;

/**
 * Half the width of a confidence sequence for a mean: with chance 1 - alpha the truth lies inside
 * at every moment from now on at once, so that looking every day, and stopping when it looks good,
 * is allowed. An ordinary interval is only right for one look.
 *
 * It is the two-sided normal mixture: with n values and variance v of their mean,
 *
 *     sqrt(v (n + r) / n * ln((n + r) / (r alpha^2)))
 *
 * Robbins (1970), Annals of Mathematical Statistics 41(5); in this form equation (14) of Howard,
 * Ramdas, McAuliffe & Sekhon (2021), Annals of Statistics 49(2), arXiv 1810.08240. With an
 * estimated variance it is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha,
 * Kennedy & Ramdas (2024), Annals of Statistics 52(6), arXiv 2103.06476, theorem 2.2, with
 * r = 1/rho^2.
 *
 * @param count values behind the mean, 1 or more
 * @param variance estimated variance of the mean (not of one value)
 */
export function sequenceHalfWidth(
  count: number,
  variance: number,
  errorChance: number = ERROR_CHANCE,
): number {
  const inflated = (count + MIXTURE) / count;
  const logarithm = Math.log((count + MIXTURE) / (MIXTURE * errorChance ** 2));
  return Math.sqrt(Math.max(0, variance) * inflated * logarithm);
}

/** An interval by its middle and half its width. */
export function around(mean: number, halfWidth: number): Interval {
  return { mean, low: mean - halfWidth, high: mean + halfWidth };
}

/** The interval of `factor` times the value; a factor below 0 turns it round. */
export function scaled({ mean, low, high }: Interval, factor: number): Interval {
  const [a, b] = [low * factor, high * factor];
  return { mean: mean * factor, low: Math.min(a, b), high: Math.max(a, b) };
}

// SPDX-License-Identifier: Apache-2.0
import { isKnown } from './unknown.ts';

/**
 * Decaying weighted statistics of one raw cost, as a model shard stores them. `weight` is the
 * sum of the weights of what was counted: with decay d it tends to 1/(1 - d).
 */
export interface Baseline {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

/** Baselines of one load bucket, by the name of the raw cost. */
export type Baselines = Readonly<Record<string, Baseline>>;

/** Share of its weight that a sample keeps with every newer one: about the last 50 count. */
export const BASELINE_DECAY = 0.98;

/** Nothing counted yet. */
export const EMPTY_BASELINE: Baseline = { mean: 0, variance: 0, weight: 0 };

/**
 * Counts one more value: all older weights shrink by `decay`, then
 * mean' = mean + (x - mean)/W and variance' = (1 - 1/W)(variance + (x - mean)^2/W), with W the new
 * weight (the weighted form of Welford's method; population variance). A value that is not
 * known is not counted.
 */
export function updateBaseline(
  baseline: Baseline | undefined,
  value: number | undefined,
  decay: number = BASELINE_DECAY,
): Baseline {
  const old = baseline ?? EMPTY_BASELINE;
  if (!isKnown(value)) return old;
  const weight = old.weight * decay + 1;
  const step = 1 / weight;
  const difference = value - old.mean;
  return {
    mean: old.mean + difference * step,
    variance: (1 - step) * (old.variance + difference * difference * step),
    weight,
  };
}

/** Counts the raw costs of one default or holdout placement, each that is known. */
export function updateBaselines(
  baselines: Baselines | undefined,
  raw: Readonly<Record<string, number | undefined>>,
  decay: number = BASELINE_DECAY,
): Baselines {
  const updated: Record<string, Baseline> = { ...baselines };
  for (const [cost, value] of Object.entries(raw)) {
    if (isKnown(value)) updated[cost] = updateBaseline(updated[cost], value, decay);
  }
  return updated;
}

/** The mean of a baseline that has counted enough; undefined = not known. */
export function baselineMean(
  baselines: Baselines | undefined,
  cost: string,
  minimumWeight: number,
): number | undefined {
  const baseline = baselines?.[cost];
  if (baseline === undefined || baseline.weight < minimumWeight) return undefined;
  return isKnown(baseline.mean) ? baseline.mean : undefined;
}

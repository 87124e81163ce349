// SPDX-License-Identifier: Apache-2.0
import type { SustainabilityUnit } from './costs.ts';

/** How outcomes are judged. */
export interface RewardSettings {
  /** Weights of the three costs: none below 0, together 1. */
  readonly weights: {
    readonly sustainability: number;
    readonly performance: number;
    readonly resources: number;
  };
  /** Objective for p99 latency, milliseconds; undefined = none. */
  readonly sloP99Milliseconds: number | undefined;
  /** Objective for the share of failed requests, 0..1; undefined = none. */
  readonly sloErrorRatio: number | undefined;
  /** A baseline with less weight than this (about: measured defaults) is no baseline. */
  readonly minimumBaselineWeight: number;
  /** What sustainability is counted in; undefined = joules. */
  readonly unit?: SustainabilityUnit | undefined;
}

/** The part of a PlacementPolicy that settings are made from. */
export interface RewardPolicy {
  readonly sustainabilityPercent: number;
  readonly performancePercent: number;
  readonly resourcesPercent: number;
  readonly sloP99Milliseconds?: number | undefined;
  readonly sloErrorThousandths?: number | undefined;
  readonly unit?: 'Joules' | 'GramsCO2e' | undefined;
}

/** Weight of a baseline before anything is judged against it: the third sample passes it. */
const MINIMUM_BASELINE_WEIGHT = 2;

/**
 * Settings from a policy's integers. The percents are divided by their sum, so that the weights
 * add up to 1 whatever they are.
 *
 * @throws RangeError if a percent is negative or all are 0.
 */
export function rewardSettings(
  policy: RewardPolicy,
  minimumBaselineWeight = MINIMUM_BASELINE_WEIGHT,
): RewardSettings {
  const { sustainabilityPercent, performancePercent, resourcesPercent } = policy;
  const percents = [sustainabilityPercent, performancePercent, resourcesPercent];
  const sum = percents.reduce((total, percent) => total + percent, 0);
  if (!(sum > 0) || percents.some((percent) => percent < 0)) {
    throw new RangeError(`weights must not be negative nor all 0: ${percents.join(', ')}`);
  }
  const { sloP99Milliseconds, sloErrorThousandths } = policy;
  return {
    weights: {
      sustainability: sustainabilityPercent / sum,
      performance: performancePercent / sum,
      resources: resourcesPercent / sum,
    },
    sloP99Milliseconds,
    sloErrorRatio: sloErrorThousandths === undefined ? undefined : sloErrorThousandths / 1000,
    minimumBaselineWeight,
    unit: policy.unit === 'GramsCO2e' ? 'gramsPerRequest' : 'joulesPerRequest',
  };
}

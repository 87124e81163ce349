// SPDX-License-Identifier: Apache-2.0
import { around, scaled, sequenceHalfWidth, type Interval } from './confidence.ts';
import { isKnown } from './unknown.ts';

/**
 * Running sums of one cost over the Pods of one arm. A Pod counts with weight w, one over the
 * chance of its arm; its residual is the cost less what the baseline expected before it was seen.
 */
export interface ArmSums {
  readonly count: number;
  /** Sum of w, and of w^2. */
  readonly weight: number;
  readonly weightSquares: number;
  /** Sum of w times the cost itself. */
  readonly value: number;
  /** Sum of w d, of w^2 d and of w^2 d^2, with d the residual. */
  readonly residual: number;
  readonly residualSecond: number;
  readonly residualSquares: number;
}

/** One cost in both arms. */
export interface ContrastSums {
  /** Pods that the agent decided, whatever it chose. */
  readonly placed: ArmSums;
  /** Pods that a draw left to the default scheduler. */
  readonly holdout: ArmSums;
}

/** Everything that savings are computed from; what a model shard stores of a workload. */
export interface SavingsSums {
  readonly joulesPerRequest: ContrastSums;
  readonly p99Milliseconds: ContrastSums;
  /** Requests that placed Pods served with success while they were measured. */
  readonly requests: number;
}

/** One measured Pod whose arm was drawn. */
export interface SavingsSample {
  readonly holdout: boolean;
  /** Chance with which it could be held out, in (0, 1). */
  readonly holdoutRatio: number;
  /** Requests that it served with success; undefined = unknown. */
  readonly requests: number | undefined;
  readonly joulesPerRequest: CostSample;
  readonly p99Milliseconds: CostSample;
}

/** A cost and what was expected of it before the Pod was measured; undefined = unknown. */
export interface CostSample {
  readonly value: number | undefined;
  readonly expected: number | undefined;
}

/** Held-out Pods below which no figure is given. */
export const LEAST_HOLDOUTS = 20;

const EMPTY_ARM: ArmSums = {
  count: 0,
  weight: 0,
  weightSquares: 0,
  value: 0,
  residual: 0,
  residualSecond: 0,
  residualSquares: 0,
};
const EMPTY_CONTRAST: ContrastSums = { placed: EMPTY_ARM, holdout: EMPTY_ARM };

/** Nothing counted yet. */
export const NO_SAVINGS: SavingsSums = {
  joulesPerRequest: EMPTY_CONTRAST,
  p99Milliseconds: EMPTY_CONTRAST,
  requests: 0,
};

/**
 * Counts one Pod. A cost without value or expectation is not counted, in either arm alike.
 * @throws RangeError for a holdout chance outside (0, 1): then no arm was drawn
 */
export function addSavingsSample(
  sums: SavingsSums | undefined,
  sample: SavingsSample,
): SavingsSums {
  const { holdout, holdoutRatio, requests } = sample;
  if (!(holdoutRatio > 0 && holdoutRatio < 1)) {
    throw new RangeError(`holdoutRatio: found ${holdoutRatio}`);
  }
  const before = sums ?? NO_SAVINGS;
  const weight = 1 / (holdout ? holdoutRatio : 1 - holdoutRatio);
  const add = (contrast: ContrastSums, cost: CostSample): ContrastSums => {
    const { value, expected } = cost;
    if (!isKnown(value) || !isKnown(expected)) return contrast;
    const arm = holdout ? 'holdout' : 'placed';
    return { ...contrast, [arm]: addToArm(contrast[arm], value, value - expected, weight) };
  };
  const joulesPerRequest = add(before.joulesPerRequest, sample.joulesPerRequest);
  const measured = joulesPerRequest !== before.joulesPerRequest;
  return {
    joulesPerRequest,
    p99Milliseconds: add(before.p99Milliseconds, sample.p99Milliseconds),
    requests: before.requests + (!holdout && measured && isKnown(requests) ? requests : 0),
  };
}

/** What the agent saved, with intervals that hold however often they are looked at. */
export interface Savings {
  readonly kind: 'estimated';
  /** Randomised and measured decisions, and those of them that were held out. */
  readonly decisions: number;
  readonly holdouts: number;
  /** Cost of a held-out Pod, and what a placed one saves of it; above 0 = saved. */
  readonly baselineJoulesPerRequest: number;
  readonly savedJoulesPerRequest: Interval;
  /** The same as a share of the baseline. */
  readonly savedRatio: Interval;
  /** Joules saved over the requests that placed Pods served while they were measured. */
  readonly savedJoules: Interval;
  readonly requests: number;
  /** p99 of placed Pods less that of held-out ones; below 0 = quicker. */
  readonly p99DifferenceMilliseconds: Interval | undefined;
}

/** Not enough was held out to say anything; it is not a saving of 0. */
export interface NoSavings {
  readonly kind: 'insufficient';
  readonly decisions: number;
  readonly holdouts: number;
  /** Held-out Pods that are needed. */
  readonly needed: number;
}

/** Savings of one workload. */
export function savingsOf(sums: SavingsSums): Savings | NoSavings {
  return savingsOfAll([sums]);
}

/**
 * Savings of several workloads together, for example of a namespace. Each workload keeps its own
 * comparison (joules of different workloads do not mix); the differences add up by the requests
 * that its placed Pods served, and so do the variances. A workload with fewer than two Pods in an
 * arm has no variance and is left out.
 */
export function savingsOfAll(list: Iterable<SavingsSums>): Savings | NoSavings {
  const parts = [...list].filter(isCompared);
  const holdouts = sumOf(parts, (one) => one.joulesPerRequest.holdout.count);
  const decisions = holdouts + sumOf(parts, (one) => one.joulesPerRequest.placed.count);
  const requests = sumOf(parts, (one) => one.requests);
  if (holdouts < LEAST_HOLDOUTS || !(requests > 0)) {
    return { kind: 'insufficient', decisions, holdouts, needed: LEAST_HOLDOUTS };
  }
  const energy = combined(parts, (one) => one.joulesPerRequest);
  const latency = combined(parts, (one) => one.p99Milliseconds);
  const savedJoulesPerRequest = scaled(energy.difference, -1);
  return {
    kind: 'estimated',
    decisions,
    holdouts,
    baselineJoulesPerRequest: energy.baseline,
    savedJoulesPerRequest,
    savedRatio: scaled(savedJoulesPerRequest, 1 / energy.baseline),
    savedJoules: scaled(savedJoulesPerRequest, requests),
    requests,
    p99DifferenceMilliseconds: latency.holdouts >= LEAST_HOLDOUTS ? latency.difference : undefined,
  };
}

/** Whether a workload has the two Pods in each arm without which there is no variance. */
export function isCompared({ joulesPerRequest }: SavingsSums): boolean {
  return isContrast(joulesPerRequest);
}

/** Grams of CO2e of an interval in joules, at this carbon intensity. */
export function gramsOf(joules: Interval, gramsPerKilowattHour: number): Interval {
  return scaled(joules, gramsPerKilowattHour / JOULES_PER_KILOWATT_HOUR);
}

/** Money of an interval in joules, in the currency of the price. */
export function moneyOf(joules: Interval, pricePerKilowattHour: number): Interval {
  return scaled(joules, pricePerKilowattHour / JOULES_PER_KILOWATT_HOUR);
}

const JOULES_PER_KILOWATT_HOUR = 3_600_000;

function addToArm(arm: ArmSums, value: number, residual: number, weight: number): ArmSums {
  const square = weight * weight;
  return {
    count: arm.count + 1,
    weight: arm.weight + weight,
    weightSquares: arm.weightSquares + square,
    value: arm.value + weight * value,
    residual: arm.residual + weight * residual,
    residualSecond: arm.residualSecond + square * residual,
    residualSquares: arm.residualSquares + square * residual * residual,
  };
}

/** Placed less held out, over the workloads that have the cost in both arms, by their requests. */
function combined(
  all: readonly SavingsSums[],
  contrastOf: (one: SavingsSums) => ContrastSums,
): { readonly difference: Interval; readonly baseline: number; readonly holdouts: number } {
  const parts = all.filter((one) => isContrast(contrastOf(one)));
  const requests = sumOf(parts, (one) => one.requests);
  let mean = 0;
  let variance = 0;
  let baseline = 0;
  let count = 0;
  let holdouts = 0;
  for (const part of parts) {
    const { placed, holdout } = contrastOf(part);
    const share = part.requests / requests;
    mean += share * (meanOf(placed) - meanOf(holdout));
    variance += share ** 2 * varianceOf(placed, holdout);
    baseline += share * (holdout.value / holdout.weight);
    count += Math.min(effective(placed), effective(holdout));
    holdouts += holdout.count;
  }
  const halfWidth = count > 0 ? sequenceHalfWidth(count, variance) : Infinity;
  return { difference: around(mean, halfWidth), baseline, holdouts };
}

function isContrast({ placed, holdout }: ContrastSums): boolean {
  return placed.count >= 2 && holdout.count >= 2;
}

function meanOf(arm: ArmSums): number {
  return arm.residual / arm.weight;
}

/** Pods that the mean of an arm really rests on (Kish); with equal weights their number. */
function effective(arm: ArmSums): number {
  return arm.weight ** 2 / arm.weightSquares;
}

/**
 * Variance of the difference of two weighted means. A small arm of a skewed cost shows too little
 * spread until it meets its first large value, so neither arm is taken to vary less than the other.
 */
function varianceOf(a: ArmSums, b: ArmSums): number {
  const spread = Math.max(spreadOf(a), spreadOf(b));
  return spread / effective(a) + spread / effective(b);
}

/** Weighted variance of one value, with the correction n/(n - 1) for its mean being estimated. */
function spreadOf(arm: ArmSums): number {
  const mean = meanOf(arm);
  const squares =
    arm.residualSquares - 2 * mean * arm.residualSecond + mean * mean * arm.weightSquares;
  return (Math.max(0, squares) / arm.weightSquares) * (arm.count / (arm.count - 1));
}

function sumOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0);
}

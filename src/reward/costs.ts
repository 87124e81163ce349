// SPDX-License-Identifier: Apache-2.0
import { type Baselines, baselineMean } from './baseline.ts';
import type { Outcome } from './outcome.ts';
import { isKnown } from './unknown.ts';

/**
 * The raw costs of a placement: what baselines are kept of. The field names are the keys under
 * which a model shard stores them. A type and not an interface, so that it is a record.
 */
export type RawCosts = {
  /** Joules per request that succeeded. */
  readonly joulesPerRequest: number | undefined;
  /** Grams of CO2 equivalents per request that succeeded; 0 is possible. */
  readonly gramsPerRequest?: number | undefined;
  readonly p99Milliseconds: number | undefined;
  readonly errorRatio: number | undefined;
  readonly cpuRatio: number | undefined;
  readonly memoryRatio: number | undefined;
};

/** Costs are in [0, LEGAL_LIMIT]; 1 = as the baseline. */
export const LEGAL_LIMIT = 2;

/** Where the band of missed objectives begins and ends; strictly above {@link LEGAL_LIMIT}. */
export const BREACH_BAND = { from: 2.1, to: 3 } as const;

/** The total cost of a missed objective, for an excess in (0, 1]. */
export function breachCost(excess: number): number {
  return BREACH_BAND.from + (BREACH_BAND.to - BREACH_BAND.from) * Math.min(1, excess);
}

/** A failed request counts like one that took so many times the baseline's p99. */
export const FAILURE_PENALTY = 10;

/** The raw costs of an outcome. What cannot be computed is undefined, never 0. */
export function rawCosts(outcome: Outcome): RawCosts {
  const { joules, gramsCo2e, requests, errorRatio } = outcome;
  const succeeded =
    isKnown(requests) && isShare(errorRatio) ? requests * (1 - errorRatio) : undefined;
  const plausible = isKnown(joules) && joules > 0 && isKnown(requests) && requests > 0;
  return {
    joulesPerRequest: plausible && succeeded !== undefined ? joules / succeeded : undefined,
    ...(plausible ? gramsPerRequest(gramsCo2e, succeeded) : {}),
    p99Milliseconds: atLeastZero(outcome.p99Milliseconds),
    errorRatio: isShare(errorRatio) ? errorRatio : undefined,
    cpuRatio: atLeastZero(outcome.cpuRatio),
    memoryRatio: atLeastZero(outcome.memoryRatio),
  };
}

/**
 * Left out where it is not known: not every policy counts in it. Where no request succeeded it is
 * without bound, as energy is: even power without emissions was spent on nothing.
 */
function gramsPerRequest(
  grams: number | undefined,
  succeeded: number | undefined,
): Pick<RawCosts, 'gramsPerRequest'> {
  const known = atLeastZero(grams);
  return known === undefined || succeeded === undefined
    ? {}
    : { gramsPerRequest: succeeded > 0 ? known / succeeded : Infinity };
}

/**
 * Bounds a ratio to the baseline: 2r/(1 + r) = 1 + tanh(ln(r)/2). It is 1 at the baseline, rises
 * with r, stays in [0, 2], and treats half and double alike with opposite signs, so that noise
 * that is symmetric in the ratio does not tilt the mean.
 */
export function squash(ratio: number): number {
  return ratio === Infinity ? LEGAL_LIMIT : (2 * ratio) / (1 + ratio);
}

/** The raw cost that stands for sustainability. Each has its own baseline: they never mix. */
export type SustainabilityUnit = 'joulesPerRequest' | 'gramsPerRequest';

/** Energy (or carbon) per successful request against the baseline; undefined = unknown. */
export function sustainabilityCost(
  raw: RawCosts,
  baselines: Baselines | undefined,
  minimumWeight: number,
  unit: SustainabilityUnit = 'joulesPerRequest',
): number | undefined {
  const reference = baselineMean(baselines, unit, minimumWeight);
  const value = raw[unit];
  if (value === undefined || !isKnown(reference) || reference <= 0) return undefined;
  return squash(value / reference);
}

/**
 * p99 against the baseline, every failed request counted as one of {@link FAILURE_PENALTY}
 * times the baseline's p99: r = ((1-e)·p + e·10·p0) / ((1-e0)·p0 + e0·10·p0).
 * Without that, a placement that fails fast would look quick. Undefined = unknown.
 */
export function performanceCost(
  raw: RawCosts,
  baselines: Baselines | undefined,
  minimumWeight: number,
): number | undefined {
  const p99 = baselineMean(baselines, 'p99Milliseconds', minimumWeight);
  const errors = baselineMean(baselines, 'errorRatio', minimumWeight);
  if (raw.p99Milliseconds === undefined || raw.errorRatio === undefined) return undefined;
  if (!isKnown(p99) || !isKnown(errors) || p99 <= 0) return undefined;
  const penalised = (milliseconds: number, ratio: number): number =>
    (1 - ratio) * milliseconds + ratio * FAILURE_PENALTY * p99;
  return squash(penalised(raw.p99Milliseconds, raw.errorRatio) / penalised(p99, errors));
}

/**
 * CPU and memory utilisation against the baseline, the mean of those that the baseline knows.
 * One that the baseline knows and the outcome does not costs the legal limit: a target must not
 * look idle because it is silent. Undefined if the baseline knows neither; then the term is left
 * out for every placement alike.
 */
export function resourcesCost(
  raw: RawCosts,
  baselines: Baselines | undefined,
  minimumWeight: number,
): number | undefined {
  const costs: number[] = [];
  for (const name of ['cpuRatio', 'memoryRatio'] as const) {
    const reference = baselineMean(baselines, name, minimumWeight);
    if (!isKnown(reference) || reference <= 0) continue;
    const value = raw[name];
    costs.push(value === undefined ? LEGAL_LIMIT : squash(value / reference));
  }
  if (costs.length === 0) return undefined;
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

function isShare(value: number | undefined): value is number {
  return isKnown(value) && value >= 0 && value <= 1;
}

function atLeastZero(value: number | undefined): number | undefined {
  return isKnown(value) && value >= 0 ? value : undefined;
}

// SPDX-License-Identifier: Apache-2.0
import { type Baselines, baselineMean } from './baseline.ts';
import {
  breachCost,
  performanceCost,
  type RawCosts,
  rawCosts,
  resourcesCost,
  sustainabilityCost,
} from './costs.ts';
import type { Outcome, OutcomeField } from './outcome.ts';
import type { RewardSettings } from './settings.ts';
import { isKnown } from './unknown.ts';

/** A placement that could be judged. */
export interface Rewarded {
  readonly kind: 'rewarded';
  /** -(weighted costs) in [-2, 0]; in [-3, -2.1) if an objective was missed. */
  readonly reward: number;
  /** What the same formula says of the baseline. */
  readonly baselineReward: number;
  /** reward - baselineReward: 0 = as good as the default scheduler. What is learned. */
  readonly advantage: number;
  /** Each 1 at the baseline, at most 2; undefined = has no weight here. */
  readonly costs: {
    readonly sustainability: number | undefined;
    readonly performance: number | undefined;
    readonly resources: number | undefined;
  };
  readonly sloBreached: boolean;
  readonly raw: RawCosts;
}

/** Why a placement could not be judged. */
export type CensoredReason = 'no-energy' | 'no-latency' | 'no-baseline';

/** No reward at all: neither good nor bad nor 0. The raw costs that are known may still count. */
export interface Censored {
  readonly kind: 'censored';
  readonly reason: CensoredReason;
  /** One line for people. */
  readonly detail: string;
  readonly raw: RawCosts;
}

/** The judgement of one outcome. */
export type Evaluation = Rewarded | Censored;

/**
 * Judges an outcome against the default scheduler's baseline under the same load:
 *
 * reward = -(w_sus c_sus + w_perf c_perf + w_res c_res), each cost 1 at the baseline and bounded
 * by 2, so that a legal total is at most 2. Where an objective is missed the total is in the band
 * (2.1, 3] instead: any breach is worse than anything legal, and a worse breach is worse.
 *
 * Without energy or latency there is no reward. A cost whose weight is 0 is not asked for, but
 * an objective is always checked and needs its measurement.
 */
export function evaluate(
  outcome: Outcome,
  baselines: Baselines | undefined,
  settings: RewardSettings,
): Evaluation {
  const raw = rawCosts(outcome);
  const unmeasured = whatIsMissing(outcome, raw, settings);
  if (unmeasured !== undefined) return { kind: 'censored', ...unmeasured, raw };
  const costs = weighedCosts(raw, baselines, settings);
  const reference = baselineReference(baselines, settings);
  if (costs === undefined || reference === undefined) {
    const detail = 'the default scheduler has not been measured enough under this load';
    return { kind: 'censored', reason: 'no-baseline', detail, raw };
  }
  const excess = excessOf(raw, settings);
  const total = excess > 0 ? breachCost(excess) : costs.total;
  const baselineTotal = reference > 0 ? breachCost(reference) : 1;
  return {
    kind: 'rewarded',
    reward: -total,
    baselineReward: -baselineTotal,
    advantage: baselineTotal - total,
    costs: costs.costs,
    sloBreached: excess > 0,
    raw,
  };
}

function whatIsMissing(
  outcome: Outcome,
  raw: RawCosts,
  { weights, sloP99Milliseconds, sloErrorRatio, unit }: RewardSettings,
): Pick<Censored, 'reason' | 'detail'> | undefined {
  if (weights.sustainability > 0 && raw[unit ?? 'joulesPerRequest'] === undefined) {
    const energy =
      unit === 'gramsPerRequest' ? (['joules', 'gramsCo2e'] as const) : (['joules'] as const);
    const detail = explain(outcome, [...energy, 'requests', 'errorRatio']);
    return { reason: 'no-energy', detail };
  }
  const needsP99 = weights.performance > 0 || sloP99Milliseconds !== undefined;
  const needsErrors = weights.performance > 0 || sloErrorRatio !== undefined;
  if (
    (needsP99 && raw.p99Milliseconds === undefined) ||
    (needsErrors && raw.errorRatio === undefined)
  ) {
    return { reason: 'no-latency', detail: explain(outcome, ['p99Milliseconds', 'errorRatio']) };
  }
  return undefined;
}

function explain(outcome: Outcome, fields: readonly OutcomeField[]): string {
  const parts = fields.flatMap((field) => {
    const reason = outcome.reasons?.[field];
    if (reason !== undefined) return [`${field}: ${reason}`];
    const value = outcome[field];
    return isKnown(value) && value > 0 ? [] : [`${field} is ${value ?? 'unknown'}`];
  });
  return parts.join('; ') || `unusable ${fields.join(', ')}`;
}

/** The three costs and their weighted total; undefined if a baseline that is needed is not there. */
function weighedCosts(
  raw: RawCosts,
  baselines: Baselines | undefined,
  { weights, minimumBaselineWeight: least, unit }: RewardSettings,
): { readonly costs: Rewarded['costs']; readonly total: number } | undefined {
  const pick = (weight: number, cost: number | undefined): number | undefined =>
    weight > 0 ? cost : undefined;
  const costs = {
    sustainability: pick(weights.sustainability, sustainabilityCost(raw, baselines, least, unit)),
    performance: pick(weights.performance, performanceCost(raw, baselines, least)),
    resources: pick(weights.resources, resourcesCost(raw, baselines, least)),
  };
  if (weights.sustainability > 0 && costs.sustainability === undefined) return undefined;
  if (weights.performance > 0 && costs.performance === undefined) return undefined;
  let total = 0;
  let weight = 0;
  for (const name of ['sustainability', 'performance', 'resources'] as const) {
    const cost = costs[name];
    if (cost === undefined) continue;
    total += weights[name] * cost;
    weight += weights[name];
  }
  return weight > 0 ? { costs, total: total / weight } : undefined;
}

/** How far the baseline itself misses the objectives, 0 if not; undefined = not measured enough. */
function baselineReference(
  baselines: Baselines | undefined,
  settings: RewardSettings,
): number | undefined {
  const p99Milliseconds = mean(baselines, 'p99Milliseconds', settings);
  const errorRatio = mean(baselines, 'errorRatio', settings);
  if (settings.sloP99Milliseconds !== undefined && p99Milliseconds === undefined) return undefined;
  if (settings.sloErrorRatio !== undefined && errorRatio === undefined) return undefined;
  return excessOf({ p99Milliseconds, errorRatio }, settings);
}

function mean(
  baselines: Baselines | undefined,
  cost: string,
  { minimumBaselineWeight }: RewardSettings,
): number | undefined {
  return baselineMean(baselines, cost, minimumBaselineWeight);
}

/**
 * How far the objectives are missed, in (0, 1]; 0 = both kept. The worse of the two counts.
 * Latency: x/(1 + x) of the relative excess x. Errors: the share of what is left above the
 * objective.
 */
export function excessOf(
  raw: Pick<RawCosts, 'p99Milliseconds' | 'errorRatio'>,
  { sloP99Milliseconds, sloErrorRatio }: RewardSettings,
): number {
  let excess = 0;
  if (sloP99Milliseconds !== undefined && raw.p99Milliseconds !== undefined) {
    const beyond = raw.p99Milliseconds / sloP99Milliseconds - 1;
    if (beyond > 0) excess = beyond / (1 + beyond);
  }
  if (sloErrorRatio !== undefined && raw.errorRatio !== undefined && sloErrorRatio < 1) {
    excess = Math.max(excess, (raw.errorRatio - sloErrorRatio) / (1 - sloErrorRatio));
  }
  return excess;
}

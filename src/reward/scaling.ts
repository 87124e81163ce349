// SPDX-License-Identifier: Apache-2.0
import { baselineMean, type Baselines, updateBaseline } from './baseline.ts';
import {
  breachCost,
  performanceCost,
  type RawCosts,
  rawCosts,
  squash,
  sustainabilityCost,
} from './costs.ts';
import type { Outcome } from './outcome.ts';
import { excessOf } from './reward.ts';
import type { RewardSettings } from './settings.ts';
import { isKnown } from './unknown.ts';

/** What a workload as a whole cost in one window. */
export interface ScalingOutcome extends Outcome {
  /** CPU that its replicas hold by their requests, cores; their number where they ask for none. */
  readonly heldCores: number | undefined;
}

/** An interval that could be judged, or why it could not. */
export type ScalingJudgement =
  | {
      readonly kind: 'rewarded';
      /** 0 = as at the reference; an objective that is missed lies below every legal reward. */
      readonly reward: number;
      readonly sloBreached: boolean;
      readonly costs: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'censored'; readonly reason: 'no-energy' | 'no-latency' | 'no-reference' };

/** Measured windows that make the reference; it stays what it is then. */
export const REFERENCE_SAMPLES = 5;

const HELD_CORES = 'heldCores';

/**
 * Counts a window into the reference: what the workload cost as it was when scaling began. It is
 * kept fixed after {@link REFERENCE_SAMPLES} windows. One that follows would call every success
 * normal after a while, and what was learned before would no longer compare.
 */
export function extendReference(
  reference: Baselines | undefined,
  outcome: ScalingOutcome,
): Baselines {
  const raw: Record<string, number | undefined> = {
    ...rawCosts(outcome),
    [HELD_CORES]: outcome.heldCores,
  };
  const extended: Record<string, Baselines[string]> = { ...reference };
  for (const [cost, value] of Object.entries(raw)) {
    const before = extended[cost];
    if (!isKnown(value) || (before?.weight ?? 0) >= REFERENCE_SAMPLES) continue;
    extended[cost] = updateBaseline(before, value, 1);
  }
  return extended;
}

/**
 * Judges what a workload cost in a window after an action:
 *
 * reward = 1 - (w_sus c_sus + w_perf c_perf + w_res c_res) - k |step|
 *
 * with the costs of a placement (`reward.ts`), each 1 at the reference, but for resources: here
 * they are the CPU that the replicas hold, used or not, which is what one replica more takes from
 * others. k is what a change costs. Where an objective is missed the weighted costs give way to
 * the band above all of them, as for a placement.
 *
 * @param change.steps replicas added or taken away @param change.cost k
 */
export function judgeScaling(
  outcome: ScalingOutcome,
  reference: Baselines | undefined,
  settings: RewardSettings,
  change: { readonly steps: number; readonly cost: number },
): ScalingJudgement {
  const raw = rawCosts(outcome);
  const missing = whatIsMissing(raw, outcome, settings);
  if (missing !== undefined) return { kind: 'censored', reason: missing };
  const excess = excessOf(raw, settings);
  const moved = change.cost * Math.abs(change.steps);
  if (excess > 0) {
    return {
      kind: 'rewarded',
      reward: 1 - breachCost(excess) - moved,
      sloBreached: true,
      costs: { breach: breachCost(excess), change: moved },
    };
  }
  const costs = costsOf(raw, outcome, reference, settings);
  if (costs === undefined) return { kind: 'censored', reason: 'no-reference' };
  const { weights } = settings;
  const names = ['sustainability', 'performance', 'resources'] as const;
  const total = names.reduce((sum, name) => sum + weights[name] * (costs[name] ?? 0), 0);
  const known = Object.fromEntries(Object.entries(costs).filter(([, cost]) => cost !== undefined));
  return {
    kind: 'rewarded',
    reward: 1 - total - moved,
    sloBreached: false,
    costs: { ...known, change: moved },
  };
}

function whatIsMissing(
  raw: RawCosts,
  outcome: ScalingOutcome,
  { weights, sloP99Milliseconds, sloErrorRatio, unit }: RewardSettings,
): 'no-energy' | 'no-latency' | undefined {
  if (weights.sustainability > 0 && raw[unit ?? 'joulesPerRequest'] === undefined) {
    return 'no-energy';
  }
  const needsLatency = weights.performance > 0 || sloP99Milliseconds !== undefined;
  if (needsLatency && raw.p99Milliseconds === undefined) return 'no-latency';
  const needsErrors = weights.performance > 0 || sloErrorRatio !== undefined;
  if (needsErrors && raw.errorRatio === undefined) return 'no-latency';
  return isKnown(outcome.requests) && outcome.requests > 0 ? undefined : 'no-energy';
}

function costsOf(
  raw: RawCosts,
  outcome: ScalingOutcome,
  reference: Baselines | undefined,
  settings: RewardSettings,
):
  Readonly<Record<'sustainability' | 'performance' | 'resources', number | undefined>> | undefined {
  const { weights, minimumBaselineWeight: least, unit } = settings;
  const held = baselineMean(reference, HELD_CORES, least);
  const costs = {
    sustainability:
      weights.sustainability > 0 ? sustainabilityCost(raw, reference, least, unit) : 0,
    performance: weights.performance > 0 ? performanceCost(raw, reference, least) : 0,
    resources:
      isKnown(held) && held > 0 && isKnown(outcome.heldCores)
        ? squash(outcome.heldCores / held)
        : undefined,
  };
  const complete =
    costs.sustainability !== undefined &&
    costs.performance !== undefined &&
    (weights.resources === 0 || costs.resources !== undefined);
  return complete ? costs : undefined;
}

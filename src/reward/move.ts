// SPDX-License-Identifier: Apache-2.0
import { type Baseline, updateBaseline } from './baseline.ts';
import { breachCost, squash } from './costs.ts';
import type { RewardSettings } from './settings.ts';
import { isKnown } from './unknown.ts';

/*
 * Does moving a Pod pay? Both sides are counted in cost-seconds: 1 is what one Pod of the workload
 * costs in a second at the baseline. A target that is better by an advantage of 0.2 saves 0.2
 * cost-seconds a second; a start that burns the joules of 30 ordinary seconds costs
 * w_sus * 30 of them; a latency that is worse by a cost of 0.5 for 20 seconds costs
 * w_perf * 0.5 * 20, once for each of the workload's Pods that feel it.
 */

/** What moving one Pod of a workload has cost so far. */
export interface MoveCost {
  /** From bound to Ready, when it serves nobody, joules. */
  readonly startUpJoules: Baseline;
  /** Latency cost above the baseline times seconds times Pods that felt it, by moved Pod. */
  readonly disturbanceSeconds: Baseline;
}

/** One rollout or move as it was measured. */
export interface MoveSample {
  /** Mean of the new Pods; undefined = not measured. */
  readonly startUpJoules: number | undefined;
  /** p99 of the workload from the first binding to the end of the last warm-up. */
  readonly p99Milliseconds: number | undefined;
  readonly baselineP99Milliseconds: number | undefined;
  readonly seconds: number;
  /** Pods of the workload, and those of them that were new. */
  readonly replicas: number;
  readonly moved: number;
}

/** Weight below which the cost of a move is not known: the third sample passes it. */
const LEAST_WEIGHT = 2;

/** Counts a measured rollout or move; what was not measured is not counted. */
export function extendMoveCost(
  before: MoveCost | undefined,
  sample: MoveSample,
  settings: Pick<RewardSettings, 'sloP99Milliseconds'>,
): MoveCost {
  const joules = sample.startUpJoules;
  return {
    startUpJoules: updateBaseline(
      before?.startUpJoules,
      isKnown(joules) && joules >= 0 ? joules : undefined,
    ),
    disturbanceSeconds: updateBaseline(before?.disturbanceSeconds, disturbanceOf(sample, settings)),
  };
}

function disturbanceOf(
  sample: MoveSample,
  { sloP99Milliseconds: slo }: Pick<RewardSettings, 'sloP99Milliseconds'>,
): number | undefined {
  const { p99Milliseconds: p99, baselineP99Milliseconds: usual } = sample;
  if (!isKnown(p99) || !isKnown(usual) || usual <= 0 || !(sample.moved > 0)) return undefined;
  const beyond = slo === undefined ? 0 : p99 / slo - 1;
  const cost = beyond > 0 ? breachCost(beyond / (1 + beyond)) : squash(p99 / usual);
  return (Math.max(0, cost - 1) * sample.seconds * sample.replicas) / sample.moved;
}

/** What one Pod is about to gain and to lose. */
export interface MoveCase {
  /** Value of the better target above that of the Pod's own, advantage units. */
  readonly advantage: number;
  readonly horizonSeconds: number;
  /** Power of the Pod as it runs now; undefined = not measured. */
  readonly watts: number | undefined;
  readonly cost: MoveCost | undefined;
}

/** Whether a move pays. Saving and cost in cost-seconds. */
export type MoveVerdict =
  | { readonly kind: 'pays' | 'does-not-pay'; readonly saving: number; readonly cost: number }
  /** It was never measured, or not often enough: nothing is moved on a guess. */
  | { readonly kind: 'cost-unknown'; readonly saving: number; readonly cost: undefined };

/**
 * Weighs a move. The cost is its mean plus one standard deviation, so that a cost that varies must
 * be paid for; the saving must be `factor` times as much.
 */
export function weighMove(
  one: MoveCase,
  settings: Pick<RewardSettings, 'weights' | 'sloP99Milliseconds'>,
  factor: number,
): MoveVerdict {
  const saving = Math.max(0, one.advantage) * one.horizonSeconds;
  const cost = costSeconds(one, settings);
  if (cost === undefined) return { kind: 'cost-unknown', saving, cost: undefined };
  const pays = one.advantage > 0 && saving > factor * cost;
  return { kind: pays ? 'pays' : 'does-not-pay', saving, cost };
}

function costSeconds(
  { cost, watts }: MoveCase,
  { weights, sloP99Milliseconds }: Pick<RewardSettings, 'weights' | 'sloP99Milliseconds'>,
): number | undefined {
  let seconds = 0;
  if (weights.sustainability > 0) {
    const joules = cautious(cost?.startUpJoules);
    if (joules === undefined || !isKnown(watts) || watts <= 0) return undefined;
    seconds += (weights.sustainability * joules) / watts;
  }
  if (weights.performance > 0 || sloP99Milliseconds !== undefined) {
    const disturbance = cautious(cost?.disturbanceSeconds);
    if (disturbance === undefined) return undefined;
    // A missed objective counts in full even where latency itself has no weight.
    seconds += (weights.performance > 0 ? weights.performance : 1) * disturbance;
  }
  return seconds;
}

/** Mean plus a standard deviation; undefined = not measured often enough. */
function cautious(statistics: Baseline | undefined): number | undefined {
  if (statistics === undefined || statistics.weight < LEAST_WEIGHT) return undefined;
  return statistics.mean + Math.sqrt(Math.max(0, statistics.variance));
}

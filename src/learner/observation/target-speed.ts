// SPDX-License-Identifier: Apache-2.0
import type { LastCpuCost, Observation, TargetSpeed } from '#cluster/model/observation.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/** CPU that one workload took at one target, in one window. */
export interface CpuCost {
  readonly workload: WorkloadKey;
  readonly target: string;
  /** Of the cores there, by request served. */
  readonly secondsPerRequest: number;
}

/** What is known of how fast the cores of the targets are, and what it is learned from. */
export interface Speeds {
  readonly targets: ReadonlyMap<string, TargetSpeed>;
  /** What each workload took where it ran last. */
  readonly workloads: ReadonlyMap<WorkloadKey, LastCpuCost>;
}

/**
 * Samples that "as fast as the others" counts for before a target is known: machines differ by
 * about 0.3 in the logarithm, and one sample is off by about 0.1 of it.
 */
const PRIOR_WEIGHT = 0.1;
/** Older samples fade. */
const MOST_WEIGHT = { workload: 20, target: 100 } as const;
/** Logarithm of a ratio beyond which it is another program, or another meter. */
const GREATEST_STEP = 2;

/** What an observation carries from one window to the next. */
export function speedsIn(observation: Observation | undefined): Speeds {
  const targets = new Map<string, TargetSpeed>();
  const workloads = new Map<WorkloadKey, LastCpuCost>();
  for (const [target, { speed }] of Object.entries(observation?.targets ?? {})) {
    if (speed !== undefined) targets.set(target, speed);
  }
  for (const [workload, { cpuCost }] of Object.entries(observation?.workloads ?? {})) {
    if (cpuCost !== undefined) workloads.set(workload, cpuCost);
  }
  return { targets, workloads };
}

/** Speed of a target; 1 as long as nothing is known of it. */
export function speedOf({ targets }: Speeds, target: string): number {
  return targets.get(target)?.ratio ?? 1;
}

/**
 * Learns how fast the cores of the targets are from workloads that moved: the same request takes
 * so many more CPU seconds on a slower core. Only a move tells anything; a workload that stays
 * makes its own figure surer and says nothing of the machine. Both targets of a move give way by
 * their share of the variance (a Kalman filter without covariances; a sample has variance 1, an
 * estimate 1 / weight). Only ratios between targets can be known.
 */
export function learnSpeeds(before: Speeds, costs: readonly CpuCost[]): Speeds {
  const targets = new Map(before.targets);
  const workloads = new Map(before.workloads);
  for (const { workload, target, secondsPerRequest } of costs) {
    if (!(secondsPerRequest > 0) || !Number.isFinite(secondsPerRequest)) continue;
    const last = workloads.get(workload);
    if (last?.target === target) {
      const weight = Math.min(MOST_WEIGHT.workload, last.weight + 1);
      const step = (secondsPerRequest - last.secondsPerRequest) / weight;
      workloads.set(workload, {
        target,
        secondsPerRequest: last.secondsPerRequest + step,
        weight,
      });
      continue;
    }
    workloads.set(workload, { target, secondsPerRequest, weight: 1 });
    if (last !== undefined) compare(targets, last, { target, secondsPerRequest });
  }
  return { targets, workloads };
}

/** One workload at one target and then at another. */
function compare(
  targets: Map<string, TargetSpeed>,
  last: LastCpuCost,
  now: Omit<CpuCost, 'workload'>,
): void {
  const unknown: TargetSpeed = { ratio: 1, weight: 0 };
  const from = targets.get(last.target) ?? unknown;
  const to = targets.get(now.target) ?? unknown;
  const found = Math.log(last.secondsPerRequest / now.secondsPerRequest);
  if (Math.abs(found) > GREATEST_STEP) return;
  const residual = found - Math.log(to.ratio / from.ratio);
  const sample = 1 + 1 / last.weight;
  const variance = {
    from: 1 / (PRIOR_WEIGHT + from.weight),
    to: 1 / (PRIOR_WEIGHT + to.weight),
  };
  const all = variance.from + variance.to + sample;
  const moved = (one: TargetSpeed, share: number, other: number): TargetSpeed => ({
    ratio: one.ratio * Math.exp(residual * share),
    weight: Math.min(MOST_WEIGHT.target, one.weight + 1 / (sample + other)),
  });
  targets.set(last.target, moved(from, -variance.from / all, variance.to));
  targets.set(now.target, moved(to, variance.to / all, variance.from));
}

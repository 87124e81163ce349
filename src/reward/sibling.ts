// SPDX-License-Identifier: Apache-2.0
import { squash } from './costs.ts';
import { isKnown } from './unknown.ts';

/** One replica of a workload and what it cost; all replicas of one call share one window. */
export interface Replica {
  /** Where it landed. */
  readonly target: string;
  /** A raw cost (joules per request, p99); undefined = unknown. */
  readonly cost: number | undefined;
}

/** A target against the other targets of the same workload in the same window. */
export interface SiblingComparison {
  readonly target: string;
  /** Replicas on it with a known cost. */
  readonly replicas: number;
  /** Replicas it is compared with. */
  readonly siblings: number;
  /** Its cost over that of the others: 1 = alike, below 1 = cheaper. */
  readonly ratio: number;
  /** 1 - squash(ratio), in the units of a cost's advantage: above 0 = better than the others. */
  readonly advantage: number;
}

/**
 * Compares replicas of one workload on different targets in the same window. What acts on all of
 * them alike (the load, the time of day, a slow database) is a common factor of their costs
 * and cancels in the ratio; a baseline from another hour cannot do that.
 *
 * Costs are averaged by target (geometric mean, because load multiplies), and each target is
 * compared with the mean of the others, every one counted once however many replicas it has.
 * Replicas of unknown or zero cost are left out; with fewer than two targets there is nothing
 * to compare.
 */
export function compareSiblings(replicas: Iterable<Replica>): readonly SiblingComparison[] {
  const logarithms = new Map<string, number[]>();
  for (const { target, cost } of replicas) {
    if (!isKnown(cost) || cost <= 0) continue;
    const list = logarithms.get(target);
    if (list === undefined) logarithms.set(target, [Math.log(cost)]);
    else list.push(Math.log(cost));
  }
  if (logarithms.size < 2) return [];
  const means = [...logarithms].map(([target, list]) => ({
    target,
    count: list.length,
    mean: sum(list) / list.length,
  }));
  const total = sum(means.map(({ mean }) => mean));
  const all = sum(means.map(({ count }) => count));
  return means.map(({ target, count, mean }) => {
    const others = (total - mean) / (means.length - 1);
    const ratio = Math.exp(mean - others);
    return {
      target,
      replicas: count,
      siblings: all - count,
      ratio,
      advantage: 1 - squash(ratio),
    };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

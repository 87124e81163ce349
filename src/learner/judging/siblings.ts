// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { rawCosts, type RawCosts } from '#reward/costs.ts';
import { compareSiblings } from '#reward/sibling.ts';
import { outcomeOf } from './appraisal.ts';
import type { Verdict } from './verdict.ts';

/** How a target did against default Pods of the same workload in the same window. */
export interface SiblingAdvantage {
  /** In the units of a reward's advantage; 0 = like the default scheduler. */
  readonly advantage: number;
  /** Default Pods it was compared with, 1 or more. */
  readonly controls: number;
}

/**
 * Compares the Pods of one workload that were sent to each target with those that were left to the
 * default scheduler in the same window. What acts on all of them alike (load, hour, a slow
 * database) cancels, which no baseline of another hour can offer. Energy and latency only, by the
 * policy's weights: utilisation belongs to nodes, not to replicas.
 * @returns by landed target; empty without default Pods or where a cost is not known.
 */
export function siblingAdvantages(
  verdicts: readonly Verdict[],
  spec: PolicySpec,
): ReadonlyMap<Action, SiblingAdvantage> {
  const measured = verdicts.flatMap(({ readings, problem, asked, decision }) => {
    if (readings === undefined || problem !== undefined) return [];
    return [{ asked, landed: decision.landed, raw: rawCosts(outcomeOf(readings, spec)) }];
  });
  const controls = measured.filter((one) => one.asked === DEFAULT_ACTION);
  const found = new Map<Action, SiblingAdvantage>();
  if (controls.length === 0) return found;
  const { sustainabilityPercent, performancePercent } = spec.reward;
  const sent = measured.filter((one) => one.asked !== DEFAULT_ACTION);
  for (const landed of new Set(sent.map((one) => one.landed))) {
    if (landed === undefined) continue;
    const there = sent.filter((one) => one.landed === landed);
    const of = (cost: keyof RawCosts): number | undefined =>
      compareSiblings([
        ...there.map(({ raw }) => ({ target: landed, cost: raw[cost] })),
        ...controls.map(({ raw }) => ({ target: DEFAULT_ACTION, cost: raw[cost] })),
      ]).find((one) => one.target === landed)?.advantage;
    const advantage = weighted([
      [sustainabilityPercent, of('joulesPerRequest')],
      [performancePercent, of('p99Milliseconds')],
    ]);
    if (advantage !== undefined) found.set(landed, { advantage, controls: controls.length });
  }
  return found;
}

/**
 * An advantage over the baseline and one over siblings, as one: the siblings count for
 * `controls / (controls + 2)`, because a few Pods are a small sample of the default scheduler.
 */
export function blend(own: number, siblings: SiblingAdvantage | undefined): number {
  if (siblings === undefined) return own;
  const weight = siblings.controls / (siblings.controls + 2);
  return (1 - weight) * own + weight * siblings.advantage;
}

/** Sum of weight percent times value; undefined if one that has a weight is not known. */
function weighted(terms: readonly (readonly [number, number | undefined])[]): number | undefined {
  let sum = 0;
  let percent = 0;
  for (const [weight, value] of terms) {
    if (weight === 0) continue;
    if (value === undefined) return undefined;
    sum += (weight / 100) * value;
    percent += weight;
  }
  return percent > 0 ? sum : undefined;
}

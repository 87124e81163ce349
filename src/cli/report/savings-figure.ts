// SPDX-License-Identifier: Apache-2.0
import type { StoredSavings } from '#cluster/model/evidence.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { Interval } from '#reward/confidence.ts';
import {
  gramsOf,
  isCompared,
  moneyOf,
  savingsOfAll,
  type NoSavings,
  type Savings,
} from '#reward/savings.ts';
import type { Assumptions } from './options.ts';

/** What was saved against the holdout; intervals are 95 % confidence sequences. */
export interface SavingsFigure {
  readonly kind: 'estimated';
  /** Randomised and measured decisions, and those of them that were held out. */
  readonly decisions: number;
  readonly holdouts: number;
  /** Requests that placed Pods served while they were measured: what the joules stand for. */
  readonly requests: number;
  /** Workloads in it; the others have fewer than two Pods on a side. */
  readonly workloads: number;
  readonly baselineJoulesPerRequest: number;
  /** Above 0 = saved. */
  readonly savedJoulesPerRequest: Interval;
  /** Share of the baseline; undefined where the baseline is 0. */
  readonly savedRatio: Interval | undefined;
  readonly savedJoules: Interval;
  /** CO2e; undefined = no intensity was given. */
  readonly savedGrams: Interval | undefined;
  readonly savedMoney: { readonly currency: string; readonly amount: Interval } | undefined;
  /** Below 0 = quicker; undefined = too few held-out Pods with a p99. */
  readonly p99DifferenceMilliseconds: Interval | undefined;
}

/** No figure, which is not a saving of 0. */
export interface Refusal {
  readonly kind: 'refused';
  /** One sentence for people. */
  readonly reason: string;
}

/** What a refusal is explained from. */
export type PolicyHint = Pick<PolicySpec, 'mode' | 'holdoutPercent'>;

/**
 * The figure of one workload or of several together.
 *
 * @param policy in force; undefined = unknown
 */
export function savingsFigure(
  list: readonly (StoredSavings | undefined)[],
  policy: PolicyHint | undefined,
  assumptions: Assumptions,
): SavingsFigure | Refusal {
  const sums = list.filter((one) => one !== undefined);
  const savings = savingsOfAll(sums);
  if (savings.kind === 'insufficient') return refused(reasonOf(savings, sums, policy));
  const figure = estimated(savings, sums, assumptions);
  if (!isFinite(savings.savedJoules)) return refused('the stored sums give no finite figure');
  return figure;
}

function estimated(
  savings: Savings,
  sums: readonly StoredSavings[],
  { gramsPerKilowattHour, price }: Assumptions,
): SavingsFigure {
  const { savedJoules, savedRatio, p99DifferenceMilliseconds: p99 } = savings;
  return {
    kind: 'estimated',
    decisions: savings.decisions,
    holdouts: savings.holdouts,
    requests: savings.requests,
    workloads: sums.filter(isCompared).length,
    baselineJoulesPerRequest: savings.baselineJoulesPerRequest,
    savedJoulesPerRequest: savings.savedJoulesPerRequest,
    savedRatio: isFinite(savedRatio) ? savedRatio : undefined,
    savedJoules,
    savedGrams:
      gramsPerKilowattHour === undefined ? undefined : gramsOf(savedJoules, gramsPerKilowattHour),
    savedMoney:
      price === undefined
        ? undefined
        : { currency: price.currency, amount: moneyOf(savedJoules, price.perKilowattHour) },
    p99DifferenceMilliseconds: p99 !== undefined && isFinite(p99) ? p99 : undefined,
  };
}

function reasonOf(
  { holdouts, needed }: NoSavings,
  sums: readonly StoredSavings[],
  policy: PolicyHint | undefined,
): string {
  const seen = sums.some(
    ({ joulesPerRequest: { placed, holdout } }) => placed.count + holdout.count > 0,
  );
  if (!seen) return nothingSeen(policy);
  if (!sums.some(isCompared)) {
    return 'no workload has two measured Pods both placed and held out yet';
  }
  if (holdouts < needed) {
    return `${holdouts} of the ${needed} held-out Pods that a figure needs are measured so far`;
  }
  return 'placed Pods served no request while they were measured';
}

function nothingSeen(policy: PolicyHint | undefined): string {
  if (policy?.mode === 'Off') return 'the policy has mode Off: nothing is decided';
  if (policy?.mode === 'Shadow') {
    return 'in mode Shadow nothing is injected, so that there is nothing to compare';
  }
  if (policy?.holdoutPercent === 0) {
    return 'the policy holds nothing out (holdoutPercent 0), so that there is nothing to compare with';
  }
  return 'no Pod whose side was drawn is measured yet; burn-in and open circuits do not draw';
}

function refused(reason: string): Refusal {
  return { kind: 'refused', reason };
}

function isFinite({ mean, low, high }: Interval): boolean {
  return [mean, low, high].every(Number.isFinite);
}

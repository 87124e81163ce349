// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { readSpecification } from '#cli/simulate/read-specification.ts';
import { worldOf, type World } from '#cli/simulate/world.ts';

/** Worlds of equal machines that differ in the load that others put on them. */
export const WORLDS = ['one-busy', 'three-loads'] as const;

/** One of {@link WORLDS}. */
export type WorldName = (typeof WORLDS)[number];

/** The ways to account energy, by the value of `reward.accounting`. */
export const ACCOUNTINGS = ['Attributed', 'Amortised', 'Marginal'] as const;

/** One of {@link ACCOUNTINGS}. */
export type AccountingName = (typeof ACCOUNTINGS)[number];

/** Weights of a reward that are the same for all accountings. */
export interface Weighting {
  readonly name: string;
  readonly meaning: string;
  readonly reward: Partial<PolicySpec['reward']>;
}

/**
 * The shipped weights, and the same without the term of utilisation, which prefers idle machines
 * whatever the accounting: what is left of a difference then is the accounting's.
 */
export const WEIGHTINGS: readonly Weighting[] = [
  { name: 'shipped', meaning: 'the weights as shipped (50, 40, 10 %)', reward: {} },
  {
    name: 'without-utilisation',
    meaning: 'the term of utilisation left out (56, 44, 0 %)',
    reward: { sustainabilityPercent: 56, performancePercent: 44, resourcesPercent: 0 },
  },
];

/** A world, and what the search for its best placement needs. */
export interface AccountingGround {
  readonly world: World;
  readonly cpuScale: number;
  /** Cores that others use, by node. */
  readonly background: Readonly<Record<string, number>>;
}

/** Reads a world's specification, which stands beside this file. */
export function accountingGround(name: WorldName): AccountingGround {
  const file = new URL(`${name}.yaml`, import.meta.url);
  const specification = readSpecification(fileURLToPath(file));
  const { cpuScale, background } = specification.rest;
  return { world: worldOf(specification), cpuScale, background };
}

/** The world's policy with an accounting and weights; nothing else differs from what is shipped. */
export function accountingPolicy(
  policy: PolicySpec,
  accounting: AccountingName,
  weighting: Weighting,
): PolicySpec {
  return parsePolicySpec({
    ...policy,
    reward: { ...policy.reward, ...weighting.reward, accounting },
  });
}

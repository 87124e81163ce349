// SPDX-License-Identifier: Apache-2.0
import { checkArms, type Arm } from './arm.ts';
import type { Behaviour } from './behaviour.ts';

/** Boltzmann exploration: every arm by {@link boltzmann}, the best ones too. */
export const softmax: Behaviour = (arms, { temperature }) => {
  checkArms(arms);
  return boltzmann(arms, temperature);
};

/**
 * The share of every arm in proportion to `exp(value / temperature)`; with an infinite temperature
 * all alike.
 * @param arms at least one, with finite values
 * @throws RangeError for a temperature that is not above 0
 */
export function boltzmann(arms: readonly Arm[], temperature: number): number[] {
  if (!(temperature > 0)) throw new RangeError(`temperature: found ${temperature}`);
  let greatest = -Infinity;
  for (const { value } of arms) if (value > greatest) greatest = value;
  const weights = arms.map(({ value }) => Math.exp((value - greatest) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

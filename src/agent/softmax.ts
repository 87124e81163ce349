// SPDX-License-Identifier: Apache-2.0
import type { Behaviour } from './behaviour.ts';
import { checkArms } from './greedy.ts';

/** Boltzmann exploration: probability in proportion to `exp(value / temperature)`. */
export const softmax: Behaviour = (arms, { temperature }) => {
  checkArms(arms);
  if (!(temperature > 0)) throw new RangeError(`temperature: found ${temperature}`);
  const greatest = Math.max(...arms.map((arm) => arm.value));
  const weights = arms.map((arm) => Math.exp((arm.value - greatest) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

// SPDX-License-Identifier: Apache-2.0
import type { Behaviour } from './behaviour.ts';
import { greedy } from './greedy.ts';
import { boltzmann } from './softmax.ts';

/**
 * With probability epsilon any arm, else one of the best. Where it explores, an arm is drawn in
 * proportion to `exp(value / explorationTemperature)` (Max-Boltzmann exploration, Wiering 1999, 5.3):
 * what is known to be bad is tried rarely, what looks nearly as good as the best often. With an
 * infinite temperature every arm alike, the textbook's rule (Sutton & Barto 2018, 2.2):
 * `epsilon / K + (1 - epsilon) / M` for each of the M best of K arms, `epsilon / K` for the others.
 */
export const epsilonGreedy: Behaviour = (arms, { epsilon, explorationTemperature }) => {
  const best = greedy(arms);
  if (explorationTemperature === Infinity) {
    // Not `epsilon * (1 / K)`: old audit lines replay to the last bit.
    return best.map((share) => (1 - epsilon) * share + epsilon / arms.length);
  }
  const tried = boltzmann(arms, explorationTemperature);
  return best.map((share, index) => (1 - epsilon) * share + epsilon * (tried[index] ?? 0));
};

// SPDX-License-Identifier: Apache-2.0
import type { Behaviour } from './behaviour.ts';
import { greedy } from './greedy.ts';

/**
 * With probability epsilon any arm, else one of the best (Sutton & Barto 2018, 2.2):
 * `epsilon / K + (1 - epsilon) / M` for each of the M best of K arms, `epsilon / K` for the others.
 */
export const epsilonGreedy: Behaviour = (arms, { epsilon }) =>
  greedy(arms).map((probability) => (1 - epsilon) * probability + epsilon / arms.length);

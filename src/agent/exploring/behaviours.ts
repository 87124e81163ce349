// SPDX-License-Identifier: Apache-2.0
import type { Behaviour } from './behaviour.ts';
import { epsilonGreedy } from './epsilon-greedy.ts';
import type { Algorithm } from '#agent/terms/hyperparameters.ts';
import { softmax } from './softmax.ts';
import { thompson } from './thompson.ts';
import { ucb1 } from './ucb1.ts';

/** Every way to explore, by the name that a policy gives it. */
const BEHAVIOURS: Readonly<Record<Algorithm, Behaviour>> = {
  EpsilonGreedy: epsilonGreedy,
  UCB1: ucb1,
  Thompson: thompson,
  Softmax: softmax,
};

/** The behaviour of that name. */
export function behaviourOf(algorithm: Algorithm): Behaviour {
  return BEHAVIOURS[algorithm];
}

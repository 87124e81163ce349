// SPDX-License-Identifier: Apache-2.0
import type { Action } from './action.ts';
import { epsilonGreedy } from './epsilon-greedy.ts';
import type { Algorithm, Hyperparameters } from './hyperparameters.ts';
import { softmax } from './softmax.ts';
import { thompson } from './thompson.ts';
import { ucb1 } from './ucb1.ts';

/** One feasible action and what is believed of it. */
export interface Arm {
  readonly action: Action;
  /** Estimated return; finite. */
  readonly value: number;
  /** Samples behind the estimate; 0 = never tried, the value is a guess. */
  readonly weight: number;
  /** Siblings sent there and not yet visible; among equals, fewer is better. 0 where absent. */
  readonly inFlight?: number | undefined;
}

/** What a behaviour may read beside the arms; `epsilon` is that of the episode at hand. */
export type BehaviourSettings = Pick<
  Hyperparameters,
  'epsilon' | 'explorationTemperature' | 'confidence' | 'returnDeviation' | 'temperature'
>;

/**
 * A way to explore: the probability of every arm, in the order of the arms. Probabilities are
 * finite, not negative and sum to 1 up to rounding. The action is drawn from exactly this vector,
 * so it is the propensity, and an arm that can be taken has one above 0. Arms come and go with
 * every call; nothing is remembered between calls.
 */
export type Behaviour = (arms: readonly Arm[], settings: BehaviourSettings) => number[];

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

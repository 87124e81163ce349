// SPDX-License-Identifier: Apache-2.0
import type { Arm } from './arm.ts';
import type { Hyperparameters } from '#agent/terms/hyperparameters.ts';

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

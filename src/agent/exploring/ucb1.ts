// SPDX-License-Identifier: Apache-2.0
import type { Behaviour } from './behaviour.ts';
import { bestArms, uniformOver } from './greedy.ts';

/**
 * Upper confidence bound (Auer, Cesa-Bianchi & Fischer 2002; Sutton & Barto 2018, 2.10): the arm of
 * greatest `value + c sqrt(ln t / n)`, where n are the samples of the arm and t - 1 those of all.
 * Arms without a sample come first. Deterministic but for ties, so an arm that is not among the
 * best has probability 0 and off-policy estimates can say nothing of it.
 */
export const ucb1: Behaviour = (arms, { confidence }) => {
  const logTime = Math.log(1 + arms.reduce((sum, arm) => sum + arm.weight, 0));
  return uniformOver(
    bestArms(arms, ({ value, weight }) =>
      weight > 0 ? value + confidence * Math.sqrt(logTime / weight) : Infinity,
    ),
  );
};

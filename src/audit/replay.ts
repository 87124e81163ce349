// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { isActedUpon } from '#agent/choosing/canary.ts';
import { chooseAmong, type Choice } from '#agent/choosing/choose.ts';
import { withParameter } from '#agent/terms/hyperparameters.ts';
import { createGenerator } from '#agent/terms/random.ts';
import type { DecisionEntry } from './entry.ts';

/** One field of a decision that does not come out as it stands in the line. */
export interface Difference {
  readonly field:
    'action' | 'propensity' | 'choice' | 'holdout' | 'epsilon' | 'candidates' | 'acted';
  /** As in the line. */
  readonly recorded: string | number | boolean;
  /** As recomputed. */
  readonly replayed: string | number | boolean;
}

/** What came of replaying one decision. */
export type Replay =
  | { readonly kind: 'matched' }
  | { readonly kind: 'differing'; readonly differences: readonly Difference[] }
  /** The line does not hold everything that the choice depended on. */
  | { readonly kind: 'incomplete'; readonly reason: string };

/**
 * Takes a decision once more, from its audit line alone, with the very code that took it: same
 * estimates, same rule, same seed. Numbers are compared bit for bit.
 */
export function replayDecision(decision: DecisionEntry): Replay {
  const { draw, candidates } = decision;
  if (draw === undefined) {
    return { kind: 'incomplete', reason: 'the line is of a version that did not write `draw`' };
  }
  const rule = withParameter(draw.algorithm, draw.parameter);
  if (rule === undefined) {
    return { kind: 'incomplete', reason: `unknown algorithm ${JSON.stringify(draw.algorithm)}` };
  }
  const arms = candidates
    .map(({ action, value, weight, inFlight = 0 }) => ({ action, value, weight, inFlight }))
    .sort((a, b) => (a.action < b.action ? -1 : 1));
  if (!arms.some(({ action }) => action === DEFAULT_ACTION)) {
    return differing([['candidates', 'without the default', 'with the default']]);
  }
  let choice: Choice;
  try {
    choice = chooseAmong(arms, {
      // At episode 0 the epsilon in force is the one given.
      hyperparameters: {
        ...rule,
        epsilon: decision.epsilon,
        burnInDecisions: draw.burnInDecisions,
      },
      episodes: 0,
      defaultSamples: draw.defaultSamples,
      holdoutRatio: draw.holdoutRatio,
      exploreAllowed: draw.exploreAllowed,
      circuitOpen: draw.circuitOpen ?? false,
      generator: createGenerator(decision.seed),
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return differing([['candidates', error.message, 'usable estimates']]);
  }
  const { canaryRatio = 1 } = draw;
  if (!(canaryRatio >= 0 && canaryRatio <= 1)) {
    return { kind: 'incomplete', reason: `a canary ratio of ${canaryRatio}` };
  }
  return compared(decision, choice);
}

function compared(decision: DecisionEntry, choice: Choice): Replay {
  const pairs: Pair[] = [
    ['action', decision.action, choice.action],
    ['propensity', decision.propensity, choice.propensity],
    ['choice', decision.choice, choice.reason],
    ['holdout', decision.holdout, choice.reason === 'holdout'],
    ['epsilon', decision.epsilon, choice.epsilon],
  ];
  const ratio = decision.draw?.canaryRatio;
  if (ratio !== undefined) {
    pairs.push(['acted', decision.acted ?? true, isActedUpon(decision.seed, ratio)]);
  }
  const found = pairs.filter(([, recorded, replayed]) => !Object.is(recorded, replayed));
  return found.length === 0 ? { kind: 'matched' } : differing(found);
}

type Pair = [Difference['field'], Difference['recorded'], Difference['replayed']];

function differing(pairs: readonly Pair[]): Replay {
  const differences = pairs.map(([field, recorded, replayed]) => ({ field, recorded, replayed }));
  return { kind: 'differing', differences };
}

// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import type { Arm } from '#agent/exploring/arm.ts';
import { behaviourOf } from '#agent/exploring/behaviours.ts';
import { cellIn, estimateOf, rowOf } from '#agent/learning/estimate.ts';
import { greedy, isBest } from '#agent/exploring/greedy.ts';
import { epsilonAt, type Hyperparameters } from '#agent/terms/hyperparameters.ts';
import { drawIndex, type Generator } from '#agent/terms/random.ts';
import { recordOf } from './record.ts';
import type { StateKey } from '#agent/terms/state.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';

/** Why an action was taken. */
export type ChoiceReason =
  'only-default' | 'circuit-open' | 'burn-in' | 'holdout' | 'explore' | 'greedy';

/** Everything a choice depends on. */
export interface ChooseInput {
  readonly state: StateKey;
  /** Feasible actions, in any order; must contain the default. */
  readonly actions: readonly Action[];
  /** The workload's own values; undefined = none yet. */
  readonly table?: ValueTable | undefined;
  /** The tier's values. */
  readonly prior?: ValueTable | undefined;
  readonly hyperparameters: Hyperparameters;
  /** Episodes of the workload settled so far. */
  readonly episodes: number;
  /** Decisions for the default that were measured so far. */
  readonly defaultSamples: number;
  /** Share of decisions left to the default on purpose, 0..1. */
  readonly holdoutRatio: number;
  /** False = no budget or no headroom: only a best action, or the default. */
  readonly exploreAllowed: boolean;
  /** True = the workload's circuit breaker leaves it to the default. Default false. */
  readonly circuitOpen?: boolean | undefined;
  /** Pods of the same workload sent to a target and not yet visible there. */
  readonly inFlight?: ReadonlyMap<Action, number> | undefined;
  readonly generator: Generator;
}

/** A choice and everything needed to explain it. */
export interface Choice {
  readonly action: Action;
  /** Probability of this action under the whole rule, burn-in and holdout included; (0, 1]. */
  readonly propensity: number;
  /** The feasible actions in code unit order, with the estimates that were compared. */
  readonly arms: readonly Arm[];
  /** The same for every feasible action; sums to 1. Made anew whenever it is asked for. */
  readonly probabilities: Readonly<Record<Action, number>>;
  /** The estimates by action. Made anew whenever it is asked for. */
  readonly values: Readonly<Record<Action, Cell>>;
  /** `explore` = the action is not among the best known; `greedy` = it is. */
  readonly reason: ChoiceReason;
  /** The epsilon in force; 0 where exploring was not allowed. */
  readonly epsilon: number;
  /** As passed in: tells a greedy choice by draw from one by lack of budget. */
  readonly exploreAllowed: boolean;
}

/**
 * Chooses an action: the default where nothing else is feasible, the circuit is open or too few
 * default decisions were measured; else, with probability `holdoutRatio`, the default again; else a draw from the
 * behaviour policy. Takes two numbers from the generator, always, and does not depend on the order
 * of the actions: the same input gives the same choice, bit for bit.
 * @throws RangeError when the default is missing from the actions, or a ratio is not in 0..1.
 */
export function choose(input: ChooseInput): Choice {
  return chooseAmong(armsOf(input), input);
}

/** What a choice depends on beside the estimates of the feasible actions. */
export type DrawInput = Pick<
  ChooseInput,
  | 'hyperparameters'
  | 'episodes'
  | 'defaultSamples'
  | 'holdoutRatio'
  | 'exploreAllowed'
  | 'circuitOpen'
  | 'generator'
>;

/**
 * {@link choose} among estimates that are known already, as an audit line holds them.
 *
 * @param arms the feasible actions in code unit order, each once
 * @throws RangeError as {@link choose}
 */
export function chooseAmong(arms: readonly Arm[], input: DrawInput): Choice {
  const { hyperparameters: h, exploreAllowed, holdoutRatio } = input;
  if (!(holdoutRatio >= 0 && holdoutRatio <= 1)) {
    throw new RangeError(`holdoutRatio: found ${holdoutRatio}`);
  }
  const holdoutDraw = input.generator.next();
  const actionDraw = input.generator.next();
  const fallback = arms.findIndex((arm) => arm.action === DEFAULT_ACTION);
  if (fallback < 0) throw new RangeError(`actions: ${DEFAULT_ACTION} is not among them`);

  const epsilon = exploreAllowed ? epsilonAt(h, input.episodes) : 0;
  const result = (chosen: number, probabilities: readonly number[], reason: ChoiceReason): Choice =>
    new Chosen({ arms, chosen, probabilities, reason, epsilon, exploreAllowed });

  const certain = certainReason(arms, input);
  if (certain !== undefined) {
    const onlyDefault = arms.map((_, index) => (index === fallback ? 1 : 0));
    return result(fallback, onlyDefault, certain);
  }
  const behaviour = exploreAllowed ? behaviourOf(h.algorithm) : greedy;
  const drawn = behaviour(arms, { ...h, epsilon });
  const probabilities = drawn.map(
    (probability, index) =>
      (1 - holdoutRatio) * probability + (index === fallback ? holdoutRatio : 0),
  );
  if (holdoutDraw < holdoutRatio) return result(fallback, probabilities, 'holdout');
  const chosen = drawIndex(actionDraw, drawn);
  return result(chosen, probabilities, isBest(arms, chosen) ? 'greedy' : 'explore');
}

/** Why nothing but the default comes into question; undefined if there is something to draw. */
function certainReason(arms: readonly Arm[], input: DrawInput): ChoiceReason | undefined {
  if (arms.length === 1) return 'only-default';
  if (input.circuitOpen === true) return 'circuit-open';
  return input.defaultSamples < input.hyperparameters.burnInDecisions ? 'burn-in' : undefined;
}

/** The feasible actions without repetition, in code unit order, with their estimates. */
function armsOf(input: ChooseInput): Arm[] {
  const { state, table, prior, hyperparameters: h, inFlight } = input;
  const ownRow = rowOf(table, state);
  const priorRow = rowOf(prior, state);
  return inOrder(input.actions).map((action): Arm => {
    const own = cellIn(ownRow, action);
    const { value, weight } = estimateOf(own, cellIn(priorRow, action), action, h);
    return { action, value, weight, inFlight: inFlight?.get(action) };
  });
}

/** Sorted without repetition; a list that already is, as most callers keep it, costs one look. */
function inOrder(actions: readonly Action[]): readonly Action[] {
  const ordered = actions.every((action, index) => {
    const before = actions[index - 1];
    return before === undefined || before < action;
  });
  return ordered ? actions : [...new Set(actions)].sort();
}

interface Outcome {
  readonly arms: readonly Arm[];
  readonly chosen: number;
  readonly probabilities: readonly number[];
  readonly reason: ChoiceReason;
  readonly epsilon: number;
  readonly exploreAllowed: boolean;
}

/**
 * A class, because of the two tables that most callers never read: getters of an object literal make
 * a hidden class of the engine's own for every object, which keeps all that they reach alive until
 * the next full collection of the heap.
 */
class Chosen implements Choice {
  readonly action: Action;
  readonly propensity: number;
  readonly arms: readonly Arm[];
  readonly reason: ChoiceReason;
  readonly epsilon: number;
  readonly exploreAllowed: boolean;
  readonly #probabilities: readonly number[];

  constructor({ arms, chosen, probabilities, reason, epsilon, exploreAllowed }: Outcome) {
    this.action = arms[chosen]?.action ?? DEFAULT_ACTION;
    this.propensity = probabilities[chosen] ?? 1;
    this.arms = arms;
    this.reason = reason;
    this.epsilon = epsilon;
    this.exploreAllowed = exploreAllowed;
    this.#probabilities = probabilities;
  }

  get probabilities(): Readonly<Record<Action, number>> {
    return recordOf(this.arms, actionOf, (_, index) => this.#probabilities[index] ?? 0);
  }

  get values(): Readonly<Record<Action, Cell>> {
    return recordOf(this.arms, actionOf, ({ value, weight }): Cell => ({ value, weight }));
  }
}

function actionOf({ action }: Arm): Action {
  return action;
}

// SPDX-License-Identifier: Apache-2.0
import type { Arm } from '#agent/exploring/arm.ts';
import type { Behaviour, BehaviourSettings } from '#agent/exploring/behaviour.ts';
import { DEFAULTS } from '#agent/terms/hyperparameters.ts';
import { drawIndex, type Generator } from '#agent/terms/random.ts';
import { TdLearner, type TdSettings, type Transition } from '#agent/learning/td.ts';
import { WorkingTable } from '#agent/learning/working-table.ts';

/** The product's settings where exploring tries all actions alike, as the textbook's does. */
export const UNIFORM = { ...DEFAULTS, explorationTemperature: Infinity } as const;

/** The product's settings with textbook ones in place of its own: TD(0), constant step. */
export function textbook(settings: Partial<TdSettings>): TdSettings {
  return {
    ...DEFAULTS,
    discount: 1,
    traceDecay: 1,
    horizon: 1,
    bootstrap: 'sarsa',
    stepRule: 'constant',
    ...settings,
  };
}

/** A learner on an empty table in which every action is worth `initial` until it is tried. */
export function learnerOf(settings: TdSettings, initial: number): TdLearner<string> {
  return new TdLearner(new WorkingTable((own) => own?.value ?? initial), settings);
}

/** Draws an action from a behaviour over the learner's estimates. */
export function act(
  learner: TdLearner<string>,
  at: { readonly row: string; readonly actions: readonly string[] },
  behaviour: Behaviour,
  choice: { readonly settings: BehaviourSettings; readonly generator: Generator },
): string {
  const arms: Arm[] = at.actions.map((action) => {
    const cell = learner.values.cell(at.row, action);
    return {
      action,
      value: cell?.value ?? learner.values.estimate(at.row, action),
      weight: cell?.weight ?? 0,
    };
  });
  return at.actions[drawIndex(choice.generator.next(), behaviour(arms, choice.settings))]!;
}

/** The only action of prediction problems. */
export const STAY = 'stay';

/** A step of a prediction problem: from a state to the next one, or to the end. */
export function passage(row: string, reward: number, next: string | undefined): Transition<string> {
  return {
    row,
    action: STAY,
    reward,
    next: next === undefined ? undefined : { row: next, actions: [STAY], action: STAY },
  };
}

/** Root of the mean squared difference between estimated and true state values. */
export function rootMeanSquare(learner: TdLearner<string>, truth: readonly number[]): number {
  const squares = truth.map((value, index) => {
    return (learner.values.estimate(String(index + 1), STAY) - value) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / truth.length);
}

/** One episode of the symmetric random walk on states 1..length; ends at either side. */
export function walk(
  learner: TdLearner<string>,
  length: number,
  rewards: { readonly left: number; readonly right: number },
  generator: Generator,
): void {
  let position = (length + 1) / 2;
  for (;;) {
    const next = position + (generator.next() < 0.5 ? -1 : 1);
    const ended = next === 0 || next > length;
    const reward = next === 0 ? rewards.left : next > length ? rewards.right : 0;
    learner.observe(passage(String(position), reward, ended ? undefined : String(next)));
    if (ended) return;
    position = next;
  }
}

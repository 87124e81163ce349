// SPDX-License-Identifier: Apache-2.0
import { epsilonAt, type Hyperparameters } from '#agent/terms/hyperparameters.ts';
import type { StateKey } from '#agent/terms/state.ts';
import { TdLearner, type TdSettings, type Update, type Values } from '#agent/learning/td.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';
import type { ScalingAction } from './action.ts';
import { cellAt, scalingEstimate } from './estimate.ts';
import type { ScalingRow } from './row.ts';

/** What one interval taught. */
export interface ScalingLesson {
  readonly table: ValueTable;
  /** R-bar after it. */
  readonly averageReward: number;
  /** Undefined = the reward was not measured. */
  readonly update: Update | undefined;
}

/**
 * beta of the average reward, which every reward is compared with before it is learned ("reward
 * centring", Naik, Wan, Tomar and Sutton 2024): values then say how an action differs from what is
 * usual now, so that 0 is neutral for a state that was never met.
 */
const CENTRING_STEP = 0.05;

/** Hyperparameters of learning over intervals: online TD(0), expected Sarsa, centred rewards. */
export function scalingSettings(
  h: Hyperparameters,
  gamma: number,
  decisions: number,
): TdSettings & { readonly epsilon: number } {
  return {
    discount: gamma,
    traceDecay: 0,
    horizon: 1,
    bootstrap: 'expected-sarsa',
    stepRule: 'mean',
    stepSize: h.stepSize,
    stepFloor: h.stepFloor,
    averageRewardStep: CENTRING_STEP,
    epsilon: epsilonAt(h, decisions),
  };
}

/**
 * Learns one interval with the TD core of `td.ts`. The input is not changed.
 * @param step.reward undefined = not measured: nothing is learned
 */
export function learnScaling(
  table: ValueTable | undefined,
  step: {
    readonly row: ScalingRow;
    readonly action: ScalingAction;
    readonly reward: number | undefined;
    readonly next: ScalingRow;
    /** Feasible there; holds `hold`. */
    readonly actions: readonly ScalingAction[];
    /** R-bar so far. */
    readonly averageReward: number;
  },
  settings: TdSettings,
): ScalingLesson {
  const cells = new Map<StateKey, Record<string, Cell>>(
    Object.entries(table ?? {}).map(([state, row]) => [state, { ...row }]),
  );
  const read = (): ValueTable => Object.fromEntries(cells);
  const values: Values<ScalingRow> = {
    estimate: (row, action) => scalingEstimate(read(), row, action as ScalingAction),
    cell: (row, action) => cellAt(read(), row.state, action),
    write: (row, action, cell) => {
      cells.set(row.state, { ...cells.get(row.state), [action]: cell });
    },
  };
  const { row, action, reward, next, actions } = step;
  const learner = new TdLearner(values, settings, step.averageReward);
  const [settled] = learner.observe({ row, action, reward, next: { row: next, actions } });
  return { table: read(), averageReward: learner.averageReward, update: settled?.update };
}

// SPDX-License-Identifier: Apache-2.0
import { drawIndex, type Generator } from '#agent/terms/random.ts';
import type { ValueTable } from '#agent/terms/value-table.ts';
import type { ScalingAction } from './action.ts';
import { cellAt, scalingEstimate } from './estimate.ts';
import type { ScalingRow } from './row.ts';

/** An action that can be taken, with what is believed of it. */
export interface ScalingArm {
  readonly action: ScalingAction;
  readonly value: number;
  /** 0 = never tried: `value` is a rule of thumb. */
  readonly weight: number;
}

/** A choice and everything needed to explain and replay it. */
export interface ScalingChoice {
  readonly action: ScalingAction;
  /** The best known one, which is what is recommended. */
  readonly best: ScalingAction;
  /** Probability of `action` under the rule, (0, 1]. */
  readonly propensity: number;
  readonly reason: 'greedy' | 'explore';
  /** In force; 0 where exploring was not allowed. */
  readonly epsilon: number;
}

/** What must lie between `hold` and another action: noise alone must not move replicas. */
export const HOLD_MARGIN = 0.01;

/** What is believed of each of these actions. */
export function scalingArms(
  table: ValueTable | undefined,
  row: ScalingRow,
  actions: readonly ScalingAction[],
): ScalingArm[] {
  return actions.map((action) => {
    const cell = cellAt(table, row.state, action);
    return { action, value: scalingEstimate(table, row, action), weight: cell?.weight ?? 0 };
  });
}

/**
 * Epsilon-greedy. The greedy action is `hold` unless another is better by {@link HOLD_MARGIN}; of
 * equals, `up` comes before `down`. Takes two numbers from the generator, always.
 * @throws RangeError when `hold` is not among the arms, or a value is not finite.
 */
export function chooseScaling(
  arms: readonly ScalingArm[],
  input: {
    readonly epsilon: number;
    readonly exploreAllowed: boolean;
    readonly generator: Generator;
  },
): ScalingChoice {
  const epsilon = input.exploreAllowed ? input.epsilon : 0;
  const exploring = input.generator.next() < epsilon;
  const draw = input.generator.next();
  const best = bestOf(arms);
  const drawn = drawIndex(
    draw,
    arms.map(() => 1 / arms.length),
  );
  const action = exploring ? (arms[drawn]?.action ?? best) : best;
  const propensity = (action === best ? 1 - epsilon : 0) + epsilon / arms.length;
  return { action, best, propensity, epsilon, reason: action === best ? 'greedy' : 'explore' };
}

function bestOf(arms: readonly ScalingArm[]): ScalingAction {
  const hold = arms.find((arm) => arm.action === 'hold');
  if (hold === undefined) throw new RangeError('actions: hold is not among them');
  let best = { action: hold.action, value: hold.value + HOLD_MARGIN };
  for (const wanted of ['up', 'down'] as const) {
    const arm = arms.find((one) => one.action === wanted);
    if (arm === undefined) continue;
    if (!Number.isFinite(arm.value)) throw new RangeError(`value of ${wanted}: found ${arm.value}`);
    if (arm.value > best.value) best = arm;
  }
  if (!Number.isFinite(hold.value)) throw new RangeError(`value of hold: found ${hold.value}`);
  return best.action;
}

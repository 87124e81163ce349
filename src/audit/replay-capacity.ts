// SPDX-License-Identifier: Apache-2.0
import { createGenerator } from '#agent/terms/random.ts';
import { SCALING_ACTIONS } from '#agent/scaling/action.ts';
import { chooseScaling, type ScalingArm } from '#agent/scaling/choose.ts';
import type { CapacityEntry, CapacityMoveEntry, CapacityScalingEntry } from './entry.ts';

/** One field of a capacity decision that does not come out as it stands in the line. */
export interface CapacityDifference {
  readonly field: 'action' | 'best' | 'propensity' | 'choice' | 'candidates' | 'saving' | 'outcome';
  readonly recorded: string | number;
  readonly replayed: string | number;
}

/**
 * Takes a decision about replicas once more from its audit line alone, with the very code that took
 * it, and weighs a move once more. Empty = it came out the same, bit for bit.
 */
export function replayCapacity(entry: CapacityEntry): CapacityDifference[] {
  return [
    ...(entry.scaling === undefined ? [] : replayScaling(entry.scaling)),
    ...(entry.move === undefined ? [] : replayMove(entry.move, entry.outcome)),
  ];
}

function replayScaling(scaling: CapacityScalingEntry): CapacityDifference[] {
  const arms = scaling.candidates.flatMap(({ action, value, weight }): ScalingArm[] => {
    const known = SCALING_ACTIONS.find((one) => one === action);
    return known === undefined ? [] : [{ action: known, value, weight }];
  });
  if (arms.length !== scaling.candidates.length || !arms.some((one) => one.action === 'hold')) {
    return [{ field: 'candidates', recorded: scaling.candidates.length, replayed: arms.length }];
  }
  const choice = chooseScaling(arms, {
    epsilon: scaling.epsilon,
    exploreAllowed: scaling.exploreAllowed,
    generator: createGenerator(scaling.seed),
  });
  const pairs: [CapacityDifference['field'], string | number, string | number][] = [
    ['action', scaling.action, choice.action],
    ['best', scaling.best, choice.best],
    ['propensity', scaling.propensity, choice.propensity],
    ['choice', scaling.choice, choice.reason],
  ];
  return pairs
    .filter(([, recorded, replayed]) => !Object.is(recorded, replayed))
    .map(([field, recorded, replayed]) => ({ field, recorded, replayed }));
}

function replayMove(
  { advantage, horizonSeconds, factor, saving, cost }: CapacityMoveEntry,
  outcome: CapacityEntry['outcome'],
): CapacityDifference[] {
  const differences: CapacityDifference[] = [];
  const again = Math.max(0, advantage) * horizonSeconds;
  if (!Object.is(saving, again)) {
    differences.push({ field: 'saving', recorded: saving, replayed: again });
  }
  const pays = cost !== undefined && advantage > 0 && again > factor * cost;
  if (outcome === 'applied' && !pays) {
    differences.push({ field: 'outcome', recorded: outcome, replayed: 'refused' });
  }
  return differences;
}

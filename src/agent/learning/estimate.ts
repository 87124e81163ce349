// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { foldedRow } from './fold.ts';
import type { Hyperparameters } from '#agent/terms/hyperparameters.ts';
import type { StateKey } from '#agent/terms/state.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';

/** What is known of the actions in one state. */
type Row = ValueTable[StateKey];

/**
 * The cell of a table, or undefined where it was never updated. Only own keys count: `constructor`
 * and `toString` are legal label values and must not find what every object inherits.
 */
export function cellOf(
  table: ValueTable | undefined,
  state: StateKey,
  action: Action,
): Cell | undefined {
  return cellIn(rowOf(table, state), action);
}

/**
 * The row of a state, for one action after another with {@link cellIn}; where it was never updated,
 * what {@link foldedRow} makes of states that say more.
 */
export function rowOf(table: ValueTable | undefined, state: StateKey): Row | undefined {
  if (table === undefined) return undefined;
  return Object.hasOwn(table, state) ? table[state] : foldedRow(table, state)?.row;
}

/** The cell of an action in a row, or undefined where it was never updated. */
export function cellIn(row: Row | undefined, action: Action): Cell | undefined {
  // One look in place of two: what every object inherits has no weight.
  const cell = row?.[action];
  return typeof cell?.weight === 'number' ? cell : undefined;
}

/** Value of an action nothing is known of; the default is no better than itself. */
export function initialValueOf(action: Action, h: Pick<Hyperparameters, 'initialValue'>): number {
  return action === DEFAULT_ACTION ? 0 : h.initialValue;
}

/**
 * What is believed of an action, from its own cell and the cell of the prior (the tier's table):
 * `(n q + n0 p) / (n + n0)` with n own samples of mean q, and n0 = `priorWeight`, but never more
 * than the samples the prior has itself. Without a prior that is the own mean, without own samples
 * {@link untriedValueOf}, and without both the initial value with weight 0. `weight` counts own
 * samples and n0: how sure the estimate is.
 */
export function estimateOf(
  own: Cell | undefined,
  prior: Cell | undefined,
  action: Action,
  h: Pick<Hyperparameters, 'initialValue' | 'initialWeight' | 'priorWeight'>,
): Cell {
  const { value: ownValue, weight: ownWeight } = own ?? NOTHING;
  const known = prior ?? NOTHING;
  const priorWeight = Math.min(h.priorWeight, known.weight);
  const weight = ownWeight + priorWeight;
  if (weight <= 0) return { value: initialValueOf(action, h), weight: 0 };
  // The default is no target to be tried: the prior stands for it as it is.
  if (ownWeight === 0 && h.initialWeight > 0 && action !== DEFAULT_ACTION) {
    return { value: untriedValueOf(known, h), weight };
  }
  return { value: (ownWeight * ownValue + priorWeight * known.value) / weight, weight };
}

/** Of an action that was never updated. */
const NOTHING: Cell = Object.freeze({ value: 0, weight: 0 });

/**
 * What is believed of a target that the workload has never tried: `(m p + k v) / (m + k)` with all m
 * samples of the prior, not n0 of them, and the initial value v counting for k = `initialWeight`.
 * One sample of another workload must not take away the optimism that has a target tried; many may.
 */
function untriedValueOf(
  prior: Cell,
  h: Pick<Hyperparameters, 'initialValue' | 'initialWeight'>,
): number {
  const total = prior.weight * prior.value + h.initialWeight * h.initialValue;
  return total / (prior.weight + h.initialWeight);
}

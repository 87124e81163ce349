// SPDX-License-Identifier: Apache-2.0
import type { StateKey } from '#agent/terms/state.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';
import { REPLICAS_BY_ACTION, SCALING_ACTIONS, type ScalingAction } from './action.ts';
import { HEADROOMS, type Headroom } from './headroom.ts';
import { scalingKey, type ScalingRow } from './row.ts';

/**
 * What is believed of an action that was never tried in a state and leads nowhere known, beside the
 * value of holding there: it only says what to try first, and gives way to what is measured.
 */
const RULE_OF_THUMB: Readonly<Record<Headroom, Readonly<Record<ScalingAction, number>>>> = {
  missed: { down: -0.5, hold: 0, up: 0.2 },
  tight: { down: -0.2, hold: 0, up: 0.05 },
  fair: { down: -0.05, hold: 0, up: -0.05 },
  ample: { down: 0.05, hold: 0, up: -0.1 },
  unknown: { down: -0.5, hold: 0, up: -0.5 },
};

/** What is believed of an action: its own value where it was tried, else what is known beside it. */
export function scalingEstimate(
  table: ValueTable | undefined,
  row: ScalingRow,
  action: ScalingAction,
): number {
  const own = cellAt(table, row.state, action);
  if (own !== undefined) return own.value;
  const thumb = neutralAt(table, row) + thumbOf(table, row, action);
  if (action === 'hold') return thumb;
  return heldBeside(table, row, row.replicas + REPLICAS_BY_ACTION[action]) ?? thumb;
}

/** A size is measured before it is left for a smaller one: else the way back would not be known. */
function thumbOf(table: ValueTable | undefined, row: ScalingRow, action: ScalingAction): number {
  const bonus = RULE_OF_THUMB[row.headroom][action];
  const isKnown = cellAt(table, row.state, 'hold') !== undefined;
  return action === 'down' && !isKnown ? Math.min(0, bonus) : bonus;
}

/**
 * What holding so many replicas under the same load was worth, as far as it was tried: where an
 * action leads is known then, though the action was never taken (Sutton and Barto 2018, 6.8). Of
 * several headrooms the one that was met most counts. Undefined = never tried.
 */
function heldBeside(
  table: ValueTable | undefined,
  row: ScalingRow,
  replicas: number,
): number | undefined {
  if (replicas < 0) return undefined;
  let best: Cell | undefined;
  for (const headroom of HEADROOMS) {
    const cell = cellAt(table, scalingKey(row.load, headroom, replicas), 'hold');
    if (cell !== undefined && cell.weight > (best?.weight ?? 0)) best = cell;
  }
  return best?.value;
}

/**
 * What an action that was never tried is compared with: holding; where that was not tried either,
 * the best of what is known there and of the sizes beside it, so that a new state is measured
 * before it is left again.
 */
function neutralAt(table: ValueTable | undefined, row: ScalingRow): number {
  const held = cellAt(table, row.state, 'hold');
  if (held !== undefined) return held.value;
  const tried = SCALING_ACTIONS.map((action) => cellAt(table, row.state, action)?.value);
  const beside = [-1, 0, 1].map((step) => heldBeside(table, row, row.replicas + step));
  const known = [...tried, ...beside].filter((value) => value !== undefined);
  return known.length === 0 ? 0 : Math.max(...known);
}

/** A cell of a table, where there is one. */
export function cellAt(
  table: ValueTable | undefined,
  state: StateKey,
  action: string,
): Cell | undefined {
  const row = table !== undefined && Object.hasOwn(table, state) ? table[state] : undefined;
  return row !== undefined && Object.hasOwn(row, action) ? row[action] : undefined;
}

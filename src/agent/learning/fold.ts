// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import type { StateKey } from '#agent/terms/state.ts';
import { decodeState, encodeState, type StateFeatures } from '#agent/state/state-key.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';

/** A row made of those of other states. */
export interface Folded {
  readonly row: ValueTable[StateKey];
  /** States that are part of it wholly and need no row of their own any more. */
  readonly from: readonly StateKey[];
}

/**
 * What other states say of one that was never updated:
 *
 * - those that say the same and more. A table that was learned when states had more features (an
 *   older version, fewer targets) serves on. Values are means by weight, weights add up, and each
 *   richer state belongs to exactly one that says less.
 * - else the same state under a load that was not known yet, as it is in the first rollouts of a
 *   workload: what was learned then holds under every load until that has samples of its own.
 *
 * @returns undefined where there is no such state
 */
export function foldedRow(table: ValueTable, state: StateKey): Folded | undefined {
  const features = decodeState(state);
  if (features === undefined) return undefined;
  const from = Object.keys(table).filter((key) => key !== state && saysMore(key, features));
  if (from.length === 0) return underUnknownLoad(table, features);
  // The usual case: there is one such state, and its row is the answer.
  const [only] = from;
  if (from.length === 1 && only !== undefined) return { row: table[only] ?? {}, from };
  const row = new Map<Action, Cell>();
  for (const key of from) {
    for (const [action, cell] of Object.entries(table[key] ?? {})) {
      row.set(action, merged(row.get(action), cell));
    }
  }
  return { row: Object.fromEntries(row), from };
}

function underUnknownLoad(table: ValueTable, features: StateFeatures): Folded | undefined {
  if (features.load === undefined || features.load === 'unknown') return undefined;
  const key = encodeState({ ...features, load: 'unknown' });
  return Object.hasOwn(table, key) ? { row: table[key] ?? {}, from: [] } : undefined;
}

function saysMore(key: StateKey, features: StateFeatures): boolean {
  const richer = decodeState(key);
  if (richer === undefined) return false;
  return (['load', 'least', 'peers'] as const).every(
    (name) => features[name] === undefined || features[name] === richer[name],
  );
}

function merged(one: Cell | undefined, other: Cell): Cell {
  const weight = (one?.weight ?? 0) + other.weight;
  if (one === undefined || weight <= 0) return other;
  return { value: (one.value * one.weight + other.value * other.weight) / weight, weight };
}

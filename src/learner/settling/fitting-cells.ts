// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { decodeState } from '#agent/state/state-key.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { StoredCell } from '#cluster/model/statistics.ts';

/** One cell with its place in the table. */
interface Placed {
  readonly state: string;
  readonly action: Action;
  readonly cell: StoredCell;
  /** Its action or its state names a target that is not there any more. */
  readonly gone: boolean;
}

/**
 * The cells that a shard has room for. Nodes come and go under ever new names, and each leaves its
 * cells behind; a table that is too large could not be written, and then nothing of its workload
 * would ever be settled again. Cells of targets that are gone go first, those of least weight before
 * others; where that is not enough, the rest by weight.
 *
 * @param targets all targets of the policy
 * @returns the table itself where it fits
 */
export function fittingCells(
  cells: ModelShard['cells'],
  targets: readonly Action[],
): ModelShard['cells'] {
  const rows = Object.entries(cells);
  const count = rows.reduce((sum, [, row]) => sum + Object.keys(row).length, 0);
  if (count <= MODEL_LIMITS.cells) return cells;
  const there = new Set<Action>([DEFAULT_ACTION, ...targets]);
  const placed = rows.flatMap(([state, row]) => {
    const lost = !namesOf(state).every((name) => there.has(name));
    return Object.entries(row).map(([action, cell]): Placed => {
      return { state, action, cell, gone: lost || !there.has(action) };
    });
  });
  const kept = new Set(placed.toSorted(byWorth).slice(0, MODEL_LIMITS.cells));
  const fitting = new Map<string, [Action, StoredCell][]>();
  for (const one of placed) {
    if (!kept.has(one)) continue;
    const row = fitting.get(one.state) ?? [];
    fitting.set(one.state, row);
    row.push([one.action, one.cell]);
  }
  return Object.fromEntries(
    [...fitting].map(([state, row]) => [state, Object.fromEntries(row)] as const),
  );
}

/** Targets that a state names. */
function namesOf(state: string): readonly Action[] {
  const { least, peers } = decodeState(state) ?? {};
  return [least, peers].filter((name) => typeof name === 'string');
}

/** What is worth most first; equals stay in their order. */
function byWorth(a: Placed, b: Placed): number {
  return Number(a.gone) - Number(b.gone) || b.cell.weight - a.cell.weight;
}

// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import { foldedRow } from './fold.ts';
import type { StateKey } from '#agent/terms/state.ts';
import type { Values } from './td.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';

/** Value of an action from its own cell, if any. */
export type Estimator = (own: Cell | undefined, state: StateKey, action: Action) => number;

/** A mutable copy of one value table to learn on; the table it came from does not change. */
export class WorkingTable implements Values<StateKey> {
  readonly #rows: Map<StateKey, Map<Action, Cell>>;
  readonly #estimator: Estimator;
  readonly #table: ValueTable;

  /** `estimator` says what a cell is worth, above all one that was never updated. */
  constructor(estimator: Estimator, table: ValueTable = {}) {
    this.#estimator = estimator;
    this.#table = table;
    this.#rows = new Map(
      Object.entries(table).map(([state, row]) => [state, new Map(Object.entries(row))]),
    );
  }

  estimate(state: StateKey, action: Action): number {
    return this.#estimator(this.cell(state, action), state, action);
  }

  cell(state: StateKey, action: Action): Cell | undefined {
    return this.#row(state)?.get(action);
  }

  /** A state without a row of its own takes over those that say more, and they are gone. */
  #row(state: StateKey): Map<Action, Cell> | undefined {
    const own = this.#rows.get(state);
    const folded = own === undefined ? foldedRow(this.#table, state) : undefined;
    if (folded === undefined) return own;
    for (const key of folded.from) this.#rows.delete(key);
    const row = new Map(Object.entries(folded.row));
    this.#rows.set(state, row);
    return row;
  }

  write(state: StateKey, action: Action, cell: Cell): void {
    let row = this.#row(state);
    if (row === undefined) {
      row = new Map();
      this.#rows.set(state, row);
    }
    row.set(action, cell);
  }

  /** What has been learned, as an immutable table. */
  toTable(): ValueTable {
    return Object.fromEntries(
      [...this.#rows].map(([state, row]) => [state, Object.fromEntries(row)]),
    );
  }
}

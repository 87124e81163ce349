// SPDX-License-Identifier: Apache-2.0
import type { Action } from './action.ts';
import type { StateKey } from './state.ts';
import type { Values } from './td.ts';
import type { Cell, ValueTable } from './value-table.ts';

/** Value of an action from its own cell, if any. */
export type Estimator = (own: Cell | undefined, state: StateKey, action: Action) => number;

/** A mutable copy of one value table to learn on; the table it came from does not change. */
export class WorkingTable implements Values<StateKey> {
  readonly #rows: Map<StateKey, Map<Action, Cell>>;
  readonly #estimator: Estimator;

  /** `estimator` says what a cell is worth, above all one that was never updated. */
  constructor(estimator: Estimator, table: ValueTable = {}) {
    this.#estimator = estimator;
    this.#rows = new Map(
      Object.entries(table).map(([state, row]) => [state, new Map(Object.entries(row))]),
    );
  }

  estimate(state: StateKey, action: Action): number {
    return this.#estimator(this.cell(state, action), state, action);
  }

  cell(state: StateKey, action: Action): Cell | undefined {
    return this.#rows.get(state)?.get(action);
  }

  write(state: StateKey, action: Action, cell: Cell): void {
    let row = this.#rows.get(state);
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

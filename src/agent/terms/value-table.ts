// SPDX-License-Identifier: Apache-2.0
import type { Action } from './action.ts';
import type { StateKey } from './state.ts';

/** What has been learned of one action in one state. */
export interface Cell {
  /** Estimated return, in advantage units (0 = as good as the default scheduler). Finite. */
  readonly value: number;
  /** Weighted number of updates; the step size is `1/weight` down to the policy's floor. >= 0. */
  readonly weight: number;
}

/** Q(s, a): rows by state, columns by action. A cell that is not there was never updated. */
export type ValueTable = Readonly<Record<StateKey, Readonly<Record<Action, Cell>>>>;

// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import { stepSizeAt, type Hyperparameters } from '#agent/terms/hyperparameters.ts';
import type { Cell } from '#agent/terms/value-table.ts';

/*
 * The learning algorithm, all of it: TD(lambda) in the forward view.
 *
 * A transition is (S_t, A_t, R_t+1, S_t+1). Over a window of them the lambda-return is, from the
 * last one backwards (Sutton & Barto 2018, 12.18 to 12.20, with the average reward R-bar of 10.3),
 *
 *   G_t = R_t+1 - R-bar + gamma * ((1 - lambda) * B_t+1 + lambda * G_t+1)
 *
 * where B_t+1 stands for everything after S_t+1 and is
 *
 *   sarsa            Q(S_t+1, A_t+1)
 *   expected-sarsa   (1 - epsilon) * max_a Q(S_t+1, a) + epsilon * mean_a Q(S_t+1, a)
 *   q-learning       max_a Q(S_t+1, a), and lambda counts as 0 where A_t+1 was not greedy (Watkins)
 *
 * At the end of the window G_t+1 is B_t+1; at the end of the episode there is no future at all. So
 * lambda = 1 is the n-step return (n = length of the window) and, over a whole episode, Monte
 * Carlo. Then Q(S_t, A_t) moves towards G_t by a step, and R-bar moves by beta * (G_t - Q).
 * Prediction is control with one action in every state.
 *
 * A reward nobody could measure is `undefined`, never 0: its step is not updated, and a return that
 * would have to pass through it stops before it, at B.
 */

/** The hyperparameters the algorithm reads. `epsilon` is that of the policy being evaluated. */
export type TdSettings = Pick<
  Hyperparameters,
  | 'discount'
  | 'traceDecay'
  | 'horizon'
  | 'bootstrap'
  | 'stepRule'
  | 'stepSize'
  | 'stepFloor'
  | 'averageRewardStep'
  | 'epsilon'
>;

/** Where a step arrived. */
export interface Arrival<Row> {
  readonly row: Row;
  /** Feasible actions there; not empty, except for `sarsa`, which does not read them. */
  readonly actions: readonly Action[];
  /** The action taken there; needed by `sarsa`, and by Watkins' cut. */
  readonly action?: Action | undefined;
}

/** One step. `Row` names a state: the state key alone, or with the table it belongs to. */
export interface Transition<Row> {
  readonly row: Row;
  readonly action: Action;
  /** Reward of this step; undefined = not measured (censored). */
  readonly reward: number | undefined;
  /** undefined = the episode ended with this step. */
  readonly next: Arrival<Row> | undefined;
  /** Importance or credit weight of the update; 1 where absent, 0 = no update. */
  readonly credit?: number | undefined;
}

/** The values the algorithm reads and writes. */
export interface Values<Row> {
  /** Current estimate; an action never tried answers with its prior or initial value. */
  estimate(row: Row, action: Action): number;
  cell(row: Row, action: Action): Cell | undefined;
  write(row: Row, action: Action, cell: Cell): void;
}

/** What one update did. */
export interface Update {
  readonly action: Action;
  readonly credit: number;
  /** G - Q, before the step. */
  readonly tdError: number;
  /** undefined = the cell was never updated before. */
  readonly before: Cell | undefined;
  readonly after: Cell;
}

/** One settled step: `return` and `update` are undefined where its reward was not measured. */
export interface Settled<Row> {
  readonly transition: Transition<Row>;
  readonly return: number | undefined;
  readonly update: Update | undefined;
}

/**
 * The lambda-return of every transition of a window, all from the values as they stand now. The
 * window must hold successive transitions of one episode. Entry k is what a window beginning at k
 * and ending at the same place would give for its first transition.
 */
export function lambdaReturns<Row>(
  window: readonly Transition<Row>[],
  values: Values<Row>,
  settings: TdSettings,
  averageReward: number,
): (number | undefined)[] {
  const returns = new Array<number | undefined>(window.length).fill(undefined);
  let later: number | undefined;
  for (let k = window.length - 1; k >= 0; k -= 1) {
    const { reward, next } = window[k] as Transition<Row>;
    if (reward === undefined) {
      later = undefined;
      continue;
    }
    if (!Number.isFinite(reward)) throw new RangeError(`reward: found ${reward}`);
    const future =
      next === undefined
        ? 0
        : settings.discount * futureOf(next, window[k + 1]?.action, later, { values, settings });
    later = reward - averageReward + future;
    returns[k] = later;
  }
  return returns;
}

interface Context<Row> {
  readonly values: Values<Row>;
  readonly settings: TdSettings;
}

/** `(1 - lambda) B + lambda G`, or B alone where no return can be followed. */
function futureOf<Row>(
  next: Arrival<Row>,
  taken: Action | undefined,
  later: number | undefined,
  { values, settings }: Context<Row>,
): number {
  const action = taken ?? next.action;
  const bootstrap = bootstrapValue(next, action, values, settings);
  if (later === undefined || settings.traceDecay === 0) return bootstrap;
  const watkinsCut =
    settings.bootstrap === 'q-learning' &&
    (action === undefined || values.estimate(next.row, action) < bootstrap);
  if (watkinsCut) return bootstrap;
  return (1 - settings.traceDecay) * bootstrap + settings.traceDecay * later;
}

/** B: the value of being at `next`, under the chosen target policy. */
function bootstrapValue<Row>(
  next: Arrival<Row>,
  action: Action | undefined,
  values: Values<Row>,
  settings: TdSettings,
): number {
  if (settings.bootstrap === 'sarsa') {
    if (action === undefined) throw new RangeError('sarsa: the next action is not known');
    return values.estimate(next.row, action);
  }
  if (next.actions.length === 0) throw new RangeError('actions: found none');
  let best = -Infinity;
  let sum = 0;
  for (const candidate of next.actions) {
    const value = values.estimate(next.row, candidate);
    sum += value;
    if (value > best) best = value;
  }
  if (settings.bootstrap === 'q-learning') return best;
  return (1 - settings.epsilon) * best + settings.epsilon * (sum / next.actions.length);
}

/**
 * Moves one value towards its target: `Q += step * (target - Q)`; the cell's weight grows by the
 * credit. undefined (and nothing written) where the credit is 0.
 */
export function update<Row>(
  values: Values<Row>,
  at: { readonly row: Row; readonly action: Action; readonly credit?: number | undefined },
  target: number,
  settings: TdSettings,
): Update | undefined {
  const { row, action, credit = 1 } = at;
  if (!(credit >= 0)) throw new RangeError(`credit: found ${credit}`);
  if (credit === 0) return undefined;
  const before = values.cell(row, action);
  const value = before?.value ?? values.estimate(row, action);
  const weight = (before?.weight ?? 0) + credit;
  const tdError = target - value;
  const step = stepSizeAt(settings, weight, credit);
  const after: Cell = { value: value + step * tdError, weight };
  values.write(row, action, after);
  return { action, credit, tdError, before, after };
}

/**
 * Learns online, one transition at a time. A transition is settled as soon as the `horizon` of
 * rewards after it is there (horizon 1: at once; Infinity: at the end of the episode), so no more
 * than `horizon` transitions are ever kept.
 */
export class TdLearner<Row> {
  readonly values: Values<Row>;
  readonly #settings: TdSettings;
  readonly #window: Transition<Row>[] = [];
  #averageReward: number;

  /** `averageReward` is the first R-bar; without `averageRewardStep` it stays what it is. */
  constructor(values: Values<Row>, settings: TdSettings, averageReward = 0) {
    if (!(settings.horizon >= 1)) throw new RangeError(`horizon: found ${settings.horizon}`);
    this.values = values;
    this.#settings = settings;
    this.#averageReward = averageReward;
  }

  /** R-bar, reward per step in the average-reward form. */
  get averageReward(): number {
    return this.#averageReward;
  }

  /** Takes the next transition; answers with the steps that it settled, oldest first. */
  observe(transition: Transition<Row>): Settled<Row>[] {
    this.#window.push(transition);
    if (transition.next === undefined) return this.flush();
    if (this.#window.length < this.#settings.horizon) return [];
    const [first] = this.#returns();
    return [this.#settle(this.#window.shift() as Transition<Row>, first)];
  }

  /**
   * Settles everything still open, with the returns cut where they are; for episodes that are
   * given up before their end. After a terminal transition there is nothing left to settle.
   */
  flush(): Settled<Row>[] {
    const returns = this.#returns();
    return this.#window
      .splice(0)
      .map((transition, index) => this.#settle(transition, returns[index]));
  }

  #returns(): (number | undefined)[] {
    return lambdaReturns(this.#window, this.values, this.#settings, this.#averageReward);
  }

  #settle(transition: Transition<Row>, target: number | undefined): Settled<Row> {
    if (target === undefined) return { transition, return: undefined, update: undefined };
    const done = update(this.values, transition, target, this.#settings);
    if (done !== undefined) {
      this.#averageReward += this.#settings.averageRewardStep * done.credit * done.tdError;
    }
    return { transition, return: target, update: done };
  }
}

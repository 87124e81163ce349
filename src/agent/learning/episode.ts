// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { cellOf, estimateOf } from './estimate.ts';
import { epsilonAt, type Hyperparameters } from '#agent/terms/hyperparameters.ts';
import type { StateKey } from '#agent/terms/state.ts';
import { lambdaReturns, update, type TdSettings } from './td.ts';
import type { Transition, Update, Values } from './td.ts';
import type { Cell, ValueTable } from '#agent/terms/value-table.ts';
import { WorkingTable } from './working-table.ts';

/** One decision of a recorded episode, in the order in which they were taken. */
export interface EpisodeStep {
  /** Key of the table it belongs to: the workload. */
  readonly table: string;
  readonly state: StateKey;
  /** What was asked for: a target, or the default. */
  readonly asked: Action;
  /** Target where the Pod landed. */
  readonly landed: Action;
  /** Reward in advantage units (0 = as good as the default scheduler); undefined = censored. */
  readonly reward: number | undefined;
  /** Feasible actions when the decision was taken; contains the default. */
  readonly actions: readonly Action[];
}

/** A complete episode and what is known before it. */
export interface EpisodeInput {
  readonly steps: readonly EpisodeStep[];
  readonly tables: Readonly<Record<string, ValueTable>>;
  /** The prior of each table (its tier's table); a table may have none. */
  readonly priors?: Readonly<Record<string, ValueTable>>;
  readonly hyperparameters: Hyperparameters;
  /** Episodes settled before this one; sets the epsilon of the Expected Sarsa target. */
  readonly episodes: number;
}

/** What one step taught; no updates where its reward was censored. */
export interface StepRecord {
  readonly return: number | undefined;
  readonly updates: readonly Update[];
}

/** Tables after the episode, and one record per step for audit and explanation. */
export interface EpisodeOutcome {
  readonly tables: Readonly<Record<string, ValueTable>>;
  readonly steps: readonly StepRecord[];
}

/** A cell to be updated and the weight of the update. */
export interface Credit {
  readonly action: Action;
  readonly credit: number;
}

/**
 * Who is credited with the outcome of a Pod. The reward belongs to the target where it landed:
 * asked for and landed there: that target, weight 1; asked for another: the landing alone, with
 * `landingCredit`; the one asked for learns nothing, since nothing ran there. The default is an
 * action of its own ("let the scheduler decide"): weight 1, and the landing with `landingCredit`.
 */
export function creditsOf(asked: Action, landed: Action, landingCredit: number): Credit[] {
  if (landed === DEFAULT_ACTION) throw new RangeError('landed: a Pod lands on a target');
  if (asked === landed) return [{ action: landed, credit: 1 }];
  const landing: Credit[] = landingCredit > 0 ? [{ action: landed, credit: landingCredit }] : [];
  return asked === DEFAULT_ACTION ? [{ action: asked, credit: 1 }, ...landing] : landing;
}

/** A state together with the table it belongs to. */
interface TableRow {
  readonly table: string;
  readonly state: StateKey;
}

/** Several value tables as one, so that a return can pass from one workload to the next. */
class WorkingTables implements Values<TableRow> {
  readonly #tables = new Map<string, WorkingTable>();
  readonly #input: EpisodeInput;

  constructor(input: EpisodeInput) {
    this.#input = input;
  }

  #table(name: string): WorkingTable {
    let table = this.#tables.get(name);
    if (table === undefined) {
      const { tables, priors = {}, hyperparameters } = this.#input;
      const prior = own(priors, name);
      table = new WorkingTable(
        (cell, state, action) =>
          estimateOf(cell, cellOf(prior, state, action), action, hyperparameters).value,
        own(tables, name),
      );
      this.#tables.set(name, table);
    }
    return table;
  }

  estimate({ table, state }: TableRow, action: Action): number {
    return this.#table(table).estimate(state, action);
  }

  cell({ table, state }: TableRow, action: Action): Cell | undefined {
    return this.#table(table).cell(state, action);
  }

  write({ table, state }: TableRow, action: Action, cell: Cell): void {
    this.#table(table).write(state, action, cell);
  }

  toTables(): Record<string, ValueTable> {
    const learned = [...this.#tables].map(([name, table]) => [name, table.toTable()] as const);
    return { ...this.#input.tables, ...Object.fromEntries(learned) };
  }
}

function own(tables: Readonly<Record<string, ValueTable>>, name: string): ValueTable | undefined {
  return Object.hasOwn(tables, name) ? tables[name] : undefined;
}

/**
 * Settles one recorded episode. All returns are taken from the values as they stood before it;
 * then each step updates the cells that {@link creditsOf} names, in order. Nothing passed in is
 * changed. @throws RangeError for a reward that is not finite.
 */
export function learnEpisode(input: EpisodeInput): EpisodeOutcome {
  const { steps, hyperparameters: h } = input;
  const values = new WorkingTables(input);
  const settings: TdSettings = { ...h, epsilon: epsilonAt(h, input.episodes) };
  const returns = truncatedReturns(transitionsOf(steps), values, settings);
  const records = steps.map((step, index): StepRecord => {
    const target = returns[index];
    if (target === undefined) return { return: undefined, updates: [] };
    const updates = creditsOf(step.asked, step.landed, h.landingCredit)
      .map((credit) => update(values, { row: step, ...credit }, target, settings))
      .filter((done) => done !== undefined);
    return { return: target, updates };
  });
  return { tables: values.toTables(), steps: records };
}

/** Each step leads to the next one of the episode, the last one to its end. */
function transitionsOf(steps: readonly EpisodeStep[]): Transition<TableRow>[] {
  return steps.map((step, index) => {
    const next = steps[index + 1];
    return {
      row: step,
      action: taken(step),
      reward: step.reward,
      next: next && { row: next, actions: next.actions, action: taken(next) },
    };
  });
}

/** What was really done: the default where nothing was asked, else the landing. */
function taken(step: EpisodeStep): Action {
  return step.asked === DEFAULT_ACTION ? DEFAULT_ACTION : step.landed;
}

/** The return of every step over at most `horizon` steps. */
function truncatedReturns<Row>(
  transitions: readonly Transition<Row>[],
  values: Values<Row>,
  settings: TdSettings,
): (number | undefined)[] {
  const { horizon } = settings;
  if (horizon >= transitions.length) return lambdaReturns(transitions, values, settings, 0);
  return transitions.map(
    (_, start) => lambdaReturns(transitions.slice(start, start + horizon), values, settings, 0)[0],
  );
}

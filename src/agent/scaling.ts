// SPDX-License-Identifier: Apache-2.0
import { epsilonAt, type Hyperparameters } from './hyperparameters.ts';
import { drawIndex, type Generator } from './random.ts';
import type { StateKey } from './state.ts';
import { TdLearner, type TdSettings, type Update, type Values } from './td.ts';
import type { Cell, ValueTable } from './value-table.ts';

/*
 * The agent's second kind of action: one replica less, none, one more. The same TD core learns it,
 * over intervals instead of over the Pods of a rollout: the reward of an interval is what the
 * workload cost after the action, and gamma > 0 lets a step count for what it leads to.
 */

/** One replica less, as many, one more. */
export type ScalingAction = 'down' | 'hold' | 'up';

/** All of them, in code unit order. */
export const SCALING_ACTIONS: readonly ScalingAction[] = ['down', 'hold', 'up'];

/** What an action does to the number of replicas. */
export const REPLICAS_BY_ACTION: Readonly<Record<ScalingAction, -1 | 0 | 1>> = {
  down: -1,
  hold: 0,
  up: 1,
};

/**
 * How far a workload is from trouble, by its objectives and by the use of what it requests.
 * `missed`: an objective is missed. `unknown`: neither can be told, and nothing is done.
 */
export type Headroom = 'missed' | 'tight' | 'fair' | 'ample' | 'unknown';

/** Where a workload stands before a decision. */
export interface ScalingRow {
  readonly state: StateKey;
  readonly load: Load;
  readonly headroom: Headroom;
  readonly replicas: number;
}

/** Load of a workload against its own history. */
export type Load = 'low' | 'normal' | 'high' | 'unknown';

/** An action that can be taken, with what is believed of it. */
export interface ScalingArm {
  readonly action: ScalingAction;
  readonly value: number;
  /** 0 = never tried: `value` is a rule of thumb. */
  readonly weight: number;
}

/** A choice and everything needed to explain and replay it. */
export interface ScalingChoice {
  readonly action: ScalingAction;
  /** The best known one, which is what is recommended. */
  readonly best: ScalingAction;
  /** Probability of `action` under the rule, (0, 1]. */
  readonly propensity: number;
  readonly reason: 'greedy' | 'explore';
  /** In force; 0 where exploring was not allowed. */
  readonly epsilon: number;
}

const HEADROOMS: readonly Headroom[] = ['missed', 'tight', 'fair', 'ample', 'unknown'];

/** Shares of an objective or of the requested CPU from which headroom is fair, tight, gone. */
const FAIR = 0.5;
const TIGHT = 0.8;

/** What must lie between `hold` and another action: noise alone must not move replicas. */
export const HOLD_MARGIN = 0.01;

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

/**
 * Headroom from shares of the limits, 1 = at the limit; the worst of those known counts.
 * @param shares.p99 of the latency objective @param shares.errors of the error objective
 * @param shares.utilisation CPU in use against CPU requested; above 1 is tight, not missed
 */
export function headroomOf(shares: {
  readonly p99?: number | undefined;
  readonly errors?: number | undefined;
  readonly utilisation?: number | undefined;
}): Headroom {
  const known = [shares.p99, shares.errors, shares.utilisation].filter(
    (share) => share !== undefined && Number.isFinite(share),
  ) as number[];
  if (known.length === 0) return 'unknown';
  if ((shares.p99 ?? 0) > 1 || (shares.errors ?? 0) > 1) return 'missed';
  const worst = Math.max(...known);
  if (worst > TIGHT) return 'tight';
  return worst > FAIR ? 'fair' : 'ample';
}

/** Whether the CPU requests of one replica less would still hold the present use. */
export function wouldHold(utilisation: number | undefined, replicas: number): boolean {
  if (replicas <= 1) return false;
  // Without a request there is no share; the objectives alone guard then.
  if (utilisation === undefined) return true;
  return (utilisation * replicas) / (replicas - 1) <= TIGHT;
}

/** Exact up to 8, then about a third apart: 9-12, 13-16, 17-22, ... */
export function replicasBucket(replicas: number): string {
  if (!(replicas >= 0)) throw new RangeError(`replicas: found ${replicas}`);
  let from = 8;
  if (replicas <= from) return String(replicas);
  for (;;) {
    const to = Math.max(from + 4, Math.floor(from * 1.36));
    if (replicas <= to) return `${from + 1}-${to}`;
    from = to;
  }
}

/** The state of a workload: load against its own history, headroom, replicas. */
export function scalingRow(situation: {
  readonly load: 'low' | 'normal' | 'high' | undefined;
  readonly headroom: Headroom;
  readonly replicas: number;
}): ScalingRow {
  const { load = 'unknown', headroom, replicas } = situation;
  return { state: keyOf(load, headroom, replicas), load, headroom, replicas };
}

/** The row of a decision that was stored with its key. */
export function storedRow(stored: {
  readonly state: StateKey;
  readonly headroom: Headroom;
  readonly replicas: number;
}): ScalingRow {
  const { state, headroom, replicas } = stored;
  const found = LOADS.find((one) => state.startsWith(`load=${one},`));
  return { state, load: found ?? 'unknown', headroom, replicas };
}

const LOADS: readonly Load[] = ['low', 'normal', 'high', 'unknown'];

function keyOf(load: Load, headroom: Headroom, replicas: number): StateKey {
  return `load=${load},headroom=${headroom},replicas=${replicasBucket(replicas)}`;
}

/** What is believed of each of these actions. */
export function scalingArms(
  table: ValueTable | undefined,
  row: ScalingRow,
  actions: readonly ScalingAction[],
): ScalingArm[] {
  return actions.map((action) => {
    const cell = cellAt(table, row.state, action);
    return { action, value: estimate(table, row, action), weight: cell?.weight ?? 0 };
  });
}

/**
 * Epsilon-greedy. The greedy action is `hold` unless another is better by {@link HOLD_MARGIN}; of
 * equals, `up` comes before `down`. Takes two numbers from the generator, always.
 * @throws RangeError when `hold` is not among the arms, or a value is not finite.
 */
export function chooseScaling(
  arms: readonly ScalingArm[],
  input: {
    readonly epsilon: number;
    readonly exploreAllowed: boolean;
    readonly generator: Generator;
  },
): ScalingChoice {
  const epsilon = input.exploreAllowed ? input.epsilon : 0;
  const exploring = input.generator.next() < epsilon;
  const draw = input.generator.next();
  const best = bestOf(arms);
  const drawn = drawIndex(
    draw,
    arms.map(() => 1 / arms.length),
  );
  const action = exploring ? (arms[drawn]?.action ?? best) : best;
  const propensity = (action === best ? 1 - epsilon : 0) + epsilon / arms.length;
  return { action, best, propensity, epsilon, reason: action === best ? 'greedy' : 'explore' };
}

function bestOf(arms: readonly ScalingArm[]): ScalingAction {
  const hold = arms.find((arm) => arm.action === 'hold');
  if (hold === undefined) throw new RangeError('actions: hold is not among them');
  let best = { action: hold.action, value: hold.value + HOLD_MARGIN };
  for (const wanted of ['up', 'down'] as const) {
    const arm = arms.find((one) => one.action === wanted);
    if (arm === undefined) continue;
    if (!Number.isFinite(arm.value)) throw new RangeError(`value of ${wanted}: found ${arm.value}`);
    if (arm.value > best.value) best = arm;
  }
  if (!Number.isFinite(hold.value)) throw new RangeError(`value of hold: found ${hold.value}`);
  return best.action;
}

/** What one interval taught. */
export interface ScalingLesson {
  readonly table: ValueTable;
  /** R-bar after it. */
  readonly averageReward: number;
  /** Undefined = the reward was not measured. */
  readonly update: Update | undefined;
}

/**
 * beta of the average reward, which every reward is compared with before it is learned ("reward
 * centring", Naik, Wan, Tomar and Sutton 2024): values then say how an action differs from what is
 * usual now, so that 0 is neutral for a state that was never met.
 */
const CENTRING_STEP = 0.05;

/** Hyperparameters of learning over intervals: online TD(0), expected Sarsa, centred rewards. */
export function scalingSettings(
  h: Hyperparameters,
  gamma: number,
  decisions: number,
): TdSettings & { readonly epsilon: number } {
  return {
    discount: gamma,
    traceDecay: 0,
    horizon: 1,
    bootstrap: 'expected-sarsa',
    stepRule: 'mean',
    stepSize: h.stepSize,
    stepFloor: h.stepFloor,
    averageRewardStep: CENTRING_STEP,
    epsilon: epsilonAt(h, decisions),
  };
}

/**
 * Learns one interval with the TD core of `td.ts`. The input is not changed.
 * @param step.reward undefined = not measured: nothing is learned
 */
export function learnScaling(
  table: ValueTable | undefined,
  step: {
    readonly row: ScalingRow;
    readonly action: ScalingAction;
    readonly reward: number | undefined;
    readonly next: ScalingRow;
    /** Feasible there; holds `hold`. */
    readonly actions: readonly ScalingAction[];
    /** R-bar so far. */
    readonly averageReward: number;
  },
  settings: TdSettings,
): ScalingLesson {
  const cells = new Map<StateKey, Record<string, Cell>>(
    Object.entries(table ?? {}).map(([state, row]) => [state, { ...row }]),
  );
  const read = (): ValueTable => Object.fromEntries(cells);
  const values: Values<ScalingRow> = {
    estimate: (row, action) => estimate(read(), row, action as ScalingAction),
    cell: (row, action) => cellAt(read(), row.state, action),
    write: (row, action, cell) => {
      cells.set(row.state, { ...cells.get(row.state), [action]: cell });
    },
  };
  const { row, action, reward, next, actions } = step;
  const learner = new TdLearner(values, settings, step.averageReward);
  const [settled] = learner.observe({ row, action, reward, next: { row: next, actions } });
  return { table: read(), averageReward: learner.averageReward, update: settled?.update };
}

function estimate(table: ValueTable | undefined, row: ScalingRow, action: ScalingAction): number {
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
    const cell = cellAt(table, keyOf(row.load, headroom, replicas), 'hold');
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

function cellAt(table: ValueTable | undefined, state: StateKey, action: string): Cell | undefined {
  const row = table !== undefined && Object.hasOwn(table, state) ? table[state] : undefined;
  return row !== undefined && Object.hasOwn(row, action) ? row[action] : undefined;
}

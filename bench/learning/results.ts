// SPDX-License-Identifier: Apache-2.0
import { figureOf, type Figure } from '#cli/runs/figure.ts';
import type { Step } from './course.ts';
import type { Oracle } from './oracle.ts';
import { isLearner, type PolicyRun } from './run.ts';

/** What one policy did in one setting; every figure over seeds. */
export interface PolicyFigures {
  /** Sum of regret over the first 100 rollouts; for a policy that does not learn 100 times its mean. */
  readonly regretAt100: Figure;
  /** Regret of the same seed's default scheduler that this is. */
  readonly regretToDefault: Figure;
  /** Absent in runs that are shorter. */
  readonly regretAt300?: Figure;
  /** Energy of all nodes by request, and the other figures, over the last rollouts. */
  readonly joulesPerRequest: Figure;
  readonly p99: Figure;
  readonly throughput: Figure;
  readonly gapToOracle: Figure;
  /** Energy over rollouts 101 to 150 against the oracle's; learners in runs that are long enough. */
  readonly joulesToOracleAfter100?: Figure;
  /** Share of all windows, those of learning too, that miss the objective. */
  readonly sloBreachShare: Figure;
  /** Rollout from which ten in a row cost within 5 % of the last ones; learners only. */
  readonly rolloutsToFinal?: Figure;
  /** By checkpoint; learners only. */
  readonly learning?: readonly Checkpoint[];
}

/** Mean of the rollouts from one number to another, both included. */
export interface Checkpoint {
  readonly from: number;
  readonly to: number;
  readonly gapToOracle: Figure;
  /** Cost against that of the same seed's default scheduler. */
  readonly costToDefault: Figure;
}

/** One setting. */
export interface SettingResults {
  readonly application: string;
  readonly cluster: string;
  readonly load: string;
  readonly oracle: OracleResults;
  readonly policies: Readonly<Record<string, PolicyFigures>>;
  /** Comparators that hold out as many Pods as the agent; empty where none was run. */
  readonly paying: Readonly<Record<string, PolicyFigures>>;
  /** Agents that differ from the shipped one in one thing: fewer seeds, shorter runs. */
  readonly ablations: Readonly<Record<string, PolicyFigures>>;
}

/** How the best placement was found. */
export interface OracleResults {
  readonly search: 'exhaustive' | 'long search';
  /** Placements that were simulated for it. */
  readonly simulated: number;
  readonly assignment: Oracle['assignment'];
}

/** What became of the agent when the world changed in mid-run. */
export interface ChangeResults {
  readonly application: string;
  readonly cluster: string;
  readonly name: string;
  readonly meaning: string;
  /** Rollouts before it, and after it. */
  readonly rollouts: readonly [before: number, after: number];
  readonly gapBefore: Figure;
  /** Over the ten rollouts right after the change, and over the last ones. */
  readonly gapAtFirst: Figure;
  readonly gapAtLast: Figure;
  /** Rollouts after the change until ten in a row cost within 5 % of the last ones. */
  readonly rolloutsToRecover: Figure;
  readonly sloBreachShare: Figure;
}

/** Content of `bench/results/learning.json`. */
export interface LearningResults {
  readonly seeds: readonly number[];
  readonly rollouts: number;
  /** Windows of traffic that rollouts are drawn from. */
  readonly windows: number;
  readonly durationSeconds: number;
  readonly settings: readonly SettingResults[];
  readonly changes: readonly ChangeResults[];
}

/** Last rollouts that "after learning" means. */
const LAST = 50;

/** How many of so many rollouts, the last ones, figures of the end are of. */
export function reported(rollouts: number): number {
  return Math.min(LAST, Math.ceil(rollouts / 2));
}
/** In a row, for "within 5 %". */
const ROW = 10;
const NEAR = 1.05;
/** Ends of the checkpoints. */
const ENDS = [5, 10, 20, 30, 40, 50, 60, 80, 100, 125, 150, 175, 200, 225, 250, 275, 300];

/** Figures of every policy in some runs of one setting, which the default's are among. */
export function figuresOf(
  runs: readonly PolicyRun[],
  defaults: readonly PolicyRun[],
  oracle: readonly PolicyRun[],
): Record<string, PolicyFigures> {
  const names = [...new Set(runs.map(({ policy }) => policy))];
  return Object.fromEntries(
    names.map((name) => {
      const own = runs.filter(({ policy }) => policy === name);
      return [name, policyFigures(name, own, { defaults, oracle })];
    }),
  );
}

interface References {
  readonly defaults: readonly PolicyRun[];
  readonly oracle: readonly PolicyRun[];
}

function policyFigures(
  name: string,
  runs: readonly PolicyRun[],
  { defaults, oracle }: References,
): PolicyFigures {
  const learns = isLearner(name);
  const length = Math.min(...runs.map(({ steps }) => steps.length));
  const of = (unit: string, valueOf: (run: PolicyRun) => number): Figure =>
    figureOf(runs.map(valueOf), unit);
  const last = ({ steps }: PolicyRun): readonly Step[] =>
    learns ? steps.slice(-reported(steps.length)) : steps;
  const regretOver = ({ steps }: PolicyRun, rollouts: number): number =>
    learns && steps.length >= rollouts
      ? sum(steps.slice(0, rollouts).map(({ regret }) => regret))
      : rollouts * mean(steps, ({ regret }) => regret);
  const sameSeed = (list: readonly PolicyRun[], { seed }: PolicyRun): readonly Step[] =>
    list.find((one) => one.seed === seed)?.steps ?? [];
  const defaultRegret = (run: PolicyRun): number =>
    100 * mean(sameSeed(defaults, run), ({ regret }) => regret);
  return {
    regretAt100: of('cost', (run) => regretOver(run, 100)),
    regretToDefault: of('ratio', (run) => regretOver(run, 100) / defaultRegret(run)),
    ...(length >= 300 || !learns ? { regretAt300: of('cost', (run) => regretOver(run, 300)) } : {}),
    joulesPerRequest: of('joules', (run) => mean(last(run), (one) => one.joulesPerRequest)),
    p99: of('milliseconds', (run) => mean(last(run), (one) => one.p99Milliseconds)),
    throughput: of('requests/second', (run) => mean(last(run), (one) => one.throughput)),
    gapToOracle: of('cost', (run) => mean(last(run), ({ regret }) => regret)),
    ...(learns && length >= 150
      ? {
          joulesToOracleAfter100: of(
            'ratio',
            (run) =>
              mean(run.steps.slice(100, 150), (one) => one.joulesPerRequest) /
              mean(sameSeed(oracle, run), (one) => one.joulesPerRequest),
          ),
        }
      : {}),
    sloBreachShare: of('ratio', ({ steps }) => mean(steps, (one) => Number(one.sloBreached))),
    ...(learns
      ? {
          rolloutsToFinal: of('rollouts', ({ steps }) => rolloutsToFinal(steps)),
          learning: checkpoints(runs, length, (run) => sameSeed(defaults, run)),
        }
      : {}),
  };
}

function checkpoints(
  runs: readonly PolicyRun[],
  length: number,
  defaultOf: (run: PolicyRun) => readonly Step[],
): Checkpoint[] {
  const ends = ENDS.filter((end) => end <= length);
  return ends.map((to, i) => {
    const from = (ends[i - 1] ?? 0) + 1;
    const within = ({ steps }: PolicyRun): readonly Step[] => steps.slice(from - 1, to);
    return {
      from,
      to,
      gapToOracle: figureOf(
        runs.map((run) => mean(within(run), ({ regret }) => regret)),
        'cost',
      ),
      costToDefault: figureOf(
        runs.map(
          (run) => mean(within(run), ({ cost }) => cost) / mean(defaultOf(run), ({ cost }) => cost),
        ),
        'ratio',
      ),
    };
  });
}

/** Rollouts before the first ten in a row whose mean cost is within 5 % of the last ones'. */
export function rolloutsToFinal(steps: readonly Step[]): number {
  const final = mean(steps.slice(-reported(steps.length)), ({ cost }) => cost);
  for (let first = 0; first + ROW <= steps.length; first++) {
    const row = mean(steps.slice(first, first + ROW), ({ cost }) => cost);
    if (row <= NEAR * final) return first;
  }
  return steps.length;
}

/** What the runs through one change were. */
export function changeFigures(
  runs: readonly PolicyRun[],
  [before, after]: readonly [before: number, after: number],
): Pick<
  ChangeResults,
  'gapBefore' | 'gapAtFirst' | 'gapAtLast' | 'rolloutsToRecover' | 'sloBreachShare'
> {
  const of = (unit: string, valueOf: (steps: readonly Step[]) => number): Figure =>
    figureOf(
      runs.map(({ steps }) => valueOf(steps)),
      unit,
    );
  const gap = (from: number, to: number): Figure =>
    of('cost', (steps) => mean(steps.slice(from, to), ({ regret }) => regret));
  const settled = reported(after);
  return {
    gapBefore: gap(Math.floor(before / 2), before),
    gapAtFirst: gap(before, before + ROW),
    gapAtLast: gap(before + after - settled, before + after),
    rolloutsToRecover: of('rollouts', (steps) => rolloutsToFinal(steps.slice(before))),
    sloBreachShare: of('ratio', (steps) =>
      mean(steps.slice(before), (one) => Number(one.sloBreached)),
    ),
  };
}

function mean<One>(list: readonly One[], valueOf: (one: One) => number): number {
  return sum(list.map(valueOf)) / list.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { renderTable } from '#cli/terminal/table.ts';
import { plural } from '#cli/terminal/style.ts';
import { VERSION } from '#cli/command/version.ts';
import type { SchedulerRun, SimulateJobResult, WindowFigures } from './job.ts';
import type { Assignment } from './oracle.ts';

/** A scheduler's figures over seeds; every value of a seed is the mean over its windows. */
export interface SchedulerFigures {
  readonly throughput: Figure;
  readonly p50: Figure;
  readonly p99: Figure;
  readonly joulesPerRequest: Figure;
  readonly watts: Figure;
  readonly crossNodeCallsPerRequest: Figure;
  readonly failedShare: Figure;
  /** 1 = like the default scheduler; lower is better. */
  readonly cost: Figure;
  readonly sloBreachShare: Figure;
  /** Share of asked Pods that landed on their target; absent where none was asked. */
  readonly adherence?: Figure;
  readonly decisions?: Readonly<Record<string, number>>;
  /** Pods that found no node, over all seeds and windows. */
  readonly pending: number;
}

/** The content of the result file of `perihelion simulate`. */
export interface SimulateResults {
  readonly version: string;
  readonly specification: string;
  readonly seeds: readonly number[];
  readonly rollouts: number;
  readonly measured: number;
  readonly durationSeconds: number;
  readonly schedulers: Readonly<Record<string, SchedulerFigures>>;
  readonly oracle?: Assignment;
}

/** Puts the figures of one scheduler together, one run for each seed. */
export function schedulerFigures(runs: readonly SchedulerRun[]): SchedulerFigures {
  const of = (pick: (one: WindowFigures) => number | undefined, unit: string): Figure =>
    figureOf(
      runs.map((run) => meanOf(run, pick)),
      unit,
    );
  const asked = runs.filter((run) => run.asked > 0);
  const decisions: Record<string, number> = {};
  for (const { reasons } of runs) {
    for (const [reason, count] of Object.entries(reasons)) {
      decisions[reason] = (decisions[reason] ?? 0) + count;
    }
  }
  return {
    throughput: of((one) => one.throughput, 'requests per second'),
    p50: of((one) => one.p50Milliseconds, 'milliseconds'),
    p99: of((one) => one.p99Milliseconds, 'milliseconds'),
    joulesPerRequest: of((one) => one.joulesPerRequest, 'joules'),
    watts: of((one) => one.watts, 'watts'),
    crossNodeCallsPerRequest: of((one) => one.crossNodeCallsPerRequest, 'calls'),
    failedShare: of((one) => one.failedShare, 'ratio'),
    cost: of((one) => one.cost, 'cost'),
    sloBreachShare: of((one) => Number(one.sloBreached), 'ratio'),
    ...(asked.length === 0
      ? {}
      : {
          adherence: figureOf(
            asked.map((run) => run.followed / run.asked),
            'ratio',
          ),
          decisions,
        }),
    pending: runs.reduce((sum, { pending }) => sum + pending, 0),
  };
}

function meanOf(run: SchedulerRun, pick: (one: WindowFigures) => number | undefined): number {
  const values = run.windows.map(pick).filter((value) => value !== undefined);
  if (values.length === 0) {
    const detail = `${run.scheduler}: no request was answered (${run.pending} Pods found no node)`;
    throw new PerihelionError('PERI_SIMULATION_INVALID', detail);
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Puts all seeds together. */
export function simulateResults(
  results: readonly SimulateJobResult[],
  about: Pick<SimulateResults, 'specification' | 'rollouts' | 'measured' | 'durationSeconds'> & {
    readonly oracle: Assignment | undefined;
  },
): SimulateResults {
  const names = results[0]?.runs.map(({ scheduler }) => scheduler) ?? [];
  const { oracle, ...rest } = about;
  return {
    version: VERSION,
    ...rest,
    seeds: results.map(({ seed }) => seed),
    schedulers: Object.fromEntries(
      names.map((name) => [
        name,
        schedulerFigures(
          results.flatMap(({ runs }) => runs.filter(({ scheduler }) => scheduler === name)),
        ),
      ]),
    ),
    ...(oracle === undefined ? {} : { oracle }),
  };
}

/** The table for people. */
export function renderSimulation(results: SimulateResults): string {
  const rows = Object.entries(results.schedulers).map(([name, figures]) => [
    name,
    spread(figures.throughput, 0),
    spread(figures.p50, 1),
    spread(figures.p99, 1),
    spread(figures.joulesPerRequest, 4),
    spread(figures.crossNodeCallsPerRequest, 1),
    spread(figures.cost, 3),
  ]);
  const header = ['', ...LEGEND.map(([column]) => column)];
  return `${renderTable(header, rows)}\n${legendOf(results)}`;
}

/** What the columns are, and which way is better. */
const LEGEND = [
  ['requests/s', 'user requests answered per second; higher is better'],
  ['p50 ms', 'median latency of user requests; lower is better'],
  ['p99 ms', 'latency that 1 in 100 user requests exceeds; lower is better'],
  ['joules/request', 'energy of all nodes by answered request; lower is better'],
  ['crossings', 'calls between nodes by answered request; lower is better'],
  ['cost', "the policy's weights on energy and p99, default scheduler = 1; lower is better"],
] as const;

function legendOf({ seeds, measured }: SimulateResults): string {
  const width = Math.max(...LEGEND.map(([column]) => column.length));
  const lines = LEGEND.map(([column, text]) => `  ${column.padEnd(width)}   ${text}`);
  const windows = plural(measured, 'measured window');
  const basis =
    seeds.length === 1
      ? `Means over ${windows} of 1 seed, so no interval.`
      : `Means over ${windows} of each of ${seeds.length} seeds; ± half of the 95 % interval.`;
  return [...lines, basis, 'Rows are in the order of --schedulers, not of results.', ''].join('\n');
}

function spread(figure: Figure, digits: number): string {
  if (figure.n === 1) return figure.mean.toFixed(digits);
  return `${figure.mean.toFixed(digits)} ± ${(figure.high - figure.mean).toFixed(digits)}`;
}

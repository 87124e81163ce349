// SPDX-License-Identifier: Apache-2.0
import { figureOf, type Figure } from '#cli/runs/figure.ts';
import type { AccountingName } from './plan.ts';
import { pricesOf, type NodePrices } from './prices.ts';
import type { AccountingRun, WorldRuns } from './run.ts';

/** One scheduler in one world, at the end of its runs. */
export interface AccountingFigures {
  /** Energy of all nodes by completed request. */
  readonly joulesPerRequest: Figure;
  /** The same less that of the same seed's default scheduler, and divided by it; below 0 = saved. */
  readonly joulesToDefault: Figure;
  readonly p99: Figure;
  /** 1 = the default scheduler's mean. */
  readonly cost: Figure;
  /** Share of the application's CPU time by node. */
  readonly shares: Readonly<Record<string, Figure>>;
}

/** What was found in one world. */
export interface AccountingWorld {
  readonly name: string;
  /** Cores that Pods of others use all the time, by node. */
  readonly background: Readonly<Record<string, number>>;
  readonly cores: number;
  readonly search: 'exhaustive' | 'long search';
  readonly prices: readonly NodePrices[];
  readonly default: AccountingFigures;
  readonly best: AccountingFigures;
  /** By weights, and by accounting. */
  readonly agents: Readonly<Record<string, Readonly<Record<AccountingName, AccountingFigures>>>>;
}

/** Content of `bench/results/accounting.json`. */
export interface AccountingResults {
  readonly seeds: readonly number[];
  readonly rollouts: number;
  /** Rollouts at the end that figures are a mean over. */
  readonly last: number;
  readonly worlds: readonly AccountingWorld[];
}

/** Figures of the runs of one world. */
export function worldFigures(name: string, runs: WorldRuns): AccountingWorld {
  const { ground, arena, oracle, agents } = runs;
  const of = (some: readonly AccountingRun[]): AccountingFigures => figures(some, runs.default);
  return {
    name,
    background: ground.background,
    cores: ground.world.machines[0]?.cores ?? 0,
    search: oracle.exhaustive ? 'exhaustive' : 'long search',
    prices: pricesOf(ground, arena),
    default: of(runs.default),
    best: of(runs.best),
    agents: Object.fromEntries(
      Object.entries(agents).map(([weighting, by]) => [
        weighting,
        {
          Attributed: of(by.Attributed),
          Amortised: of(by.Amortised),
          Marginal: of(by.Marginal),
        },
      ]),
    ),
  };
}

function figures(
  runs: readonly AccountingRun[],
  defaults: readonly AccountingRun[],
): AccountingFigures {
  const of = (unit: string, valueOf: (run: AccountingRun) => number): Figure =>
    figureOf(runs.map(valueOf), unit);
  const defaultJoules = ({ seed }: AccountingRun): number =>
    defaults.find((one) => one.seed === seed)?.joulesPerRequest ?? NaN;
  const nodes = Object.keys(runs[0]?.shares ?? {});
  return {
    joulesPerRequest: of('joules', (run) => run.joulesPerRequest),
    joulesToDefault: of('ratio', (run) => run.joulesPerRequest / defaultJoules(run) - 1),
    p99: of('milliseconds', (run) => run.p99Milliseconds),
    cost: of('cost', (run) => run.cost),
    shares: Object.fromEntries(
      nodes.map((node) => [node, of('ratio', (run) => run.shares[node] ?? 0)]),
    ),
  };
}

/**
 * What an accounting did to the agent against the default scheduler, as far as the interval of the
 * energy of all nodes tells: it `misleads` where more is drawn, it `saves` where less is.
 */
export function verdictOf({ joulesToDefault }: AccountingFigures): 'misleads' | 'saves' | 'even' {
  if (joulesToDefault.low > 0) return 'misleads';
  return joulesToDefault.high < 0 ? 'saves' : 'even';
}

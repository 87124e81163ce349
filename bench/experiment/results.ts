// SPDX-License-Identifier: Apache-2.0
import { figureOf, type Figure } from '#cli/figure.ts';
import { SCENARIOS, SENSITIVITY_CONNECTIONS, VARIANTS, type Scenario } from './plan.ts';
import type { ExperimentResult, Point } from './run.ts';

/** Figures of one scenario over seeds. */
export interface ScenarioFigures {
  readonly throughput: Figure;
  readonly p50: Figure;
  readonly p99: Figure;
  readonly joulesPerRequest: Figure;
  readonly watts: Figure;
  readonly crossNodeCallsPerRequest: Figure;
}

/** A scenario against `default`, paired by seed: 1 = alike. */
export interface RatioFigures {
  readonly throughput: Figure;
  readonly p99: Figure;
  readonly joulesPerRequest: Figure;
  readonly watts: Figure;
}

/** Whether a statement about a ratio holds over its whole interval. */
export type Verdict = 'holds' | 'fails' | 'undecided';

/** The statements of the experiment that is repeated, in one setting. */
export interface Statements {
  /** `default` serves more and answers sooner than `split`. */
  readonly defaultBeatsSplit: Verdict;
  /** ... at similar power: within 10 %. */
  readonly similarPower: Verdict;
  /** Data pinned (order of the manifests) serves more and answers sooner than `default`. */
  readonly dataPinnedBeatsDefault: Verdict;
  /** The agent serves more and answers sooner than `default`. */
  readonly agentBeatsDefault: Verdict;
}

/** One load step. */
export interface Step {
  readonly connections: number;
  readonly scenarios: Readonly<Record<Scenario, ScenarioFigures>>;
  readonly toDefault: Readonly<Record<Scenario, RatioFigures>>;
  readonly statements: Statements;
}

/** One changed assumption. */
export interface Sensitivity extends Step {
  readonly factor: string;
  readonly value: string;
}

/** The content of out/experiment/results.json. */
export interface ExperimentResults {
  readonly seeds: readonly number[];
  /** Deployments that the agent learned from. */
  readonly rollouts: { readonly steps: number; readonly sensitivity: number };
  readonly measured: number;
  readonly steps: readonly Step[];
  readonly sensitivity: readonly Sensitivity[];
}

/** Puts all processes together. */
export function experimentResults(
  results: readonly ExperimentResult[],
  about: Pick<ExperimentResults, 'rollouts' | 'measured'> & {
    readonly connections: readonly number[];
    readonly variants: number;
  },
): ExperimentResults {
  const seeds = [...new Set(results.map(({ seed }) => seed))];
  const at = (connections: number, variant: number, steps: boolean): Step => {
    const of = (scenario: Scenario): Point[] =>
      seeds.flatMap((seed) =>
        results
          .filter((one) => one.seed === seed && (one.part === 'steps') === steps)
          .flatMap(({ points }) => points)
          .filter(
            (point) =>
              point.scenario === scenario &&
              point.connections === connections &&
              point.variant === variant,
          ),
      );
    return stepOf(connections, of);
  };
  return {
    seeds,
    rollouts: about.rollouts,
    measured: about.measured,
    steps: about.connections.map((connections) => at(connections, 0, true)),
    sensitivity: VARIANTS.slice(0, about.variants).map(({ factor, value }, variant) => ({
      factor,
      value,
      ...at(SENSITIVITY_CONNECTIONS, variant, false),
    })),
  };
}

function stepOf(connections: number, of: (scenario: Scenario) => Point[]): Step {
  const base = of('default');
  const entries = <T>(make: (scenario: Scenario) => T): Record<Scenario, T> =>
    Object.fromEntries(SCENARIOS.map((scenario) => [scenario, make(scenario)])) as Record<
      Scenario,
      T
    >;
  const toDefault = entries((scenario) => ratios(of(scenario), base));
  return {
    connections,
    scenarios: entries((scenario) => figures(of(scenario))),
    toDefault,
    statements: {
      defaultBeatsSplit: beats(invert(toDefault.split)),
      similarPower: within(toDefault.split.watts, 0.1),
      dataPinnedBeatsDefault: beats(toDefault['data-pinned']),
      agentBeatsDefault: beats(toDefault.agent),
    },
  };
}

function figures(points: readonly Point[]): ScenarioFigures {
  const of = (pick: (point: Point) => number, unit: string): Figure =>
    figureOf(points.map(pick), unit);
  return {
    throughput: of((point) => point.throughput, 'requests per second'),
    p50: of((point) => point.p50, 'milliseconds'),
    p99: of((point) => point.p99, 'milliseconds'),
    joulesPerRequest: of((point) => point.joulesPerRequest, 'joules'),
    watts: of((point) => point.watts, 'watts'),
    crossNodeCallsPerRequest: of((point) => point.crossNodeCallsPerRequest, 'calls'),
  };
}

function ratios(points: readonly Point[], base: readonly Point[]): RatioFigures {
  const of = (pick: (point: Point) => number): Figure =>
    figureOf(
      points.map((point, i) => pick(point) / pick(base[i] ?? point)),
      'ratio',
    );
  return {
    throughput: of((point) => point.throughput),
    p99: of((point) => point.p99),
    joulesPerRequest: of((point) => point.joulesPerRequest),
    watts: of((point) => point.watts),
  };
}

interface Race {
  readonly throughput: Figure;
  readonly p99: Figure;
}

function invert({ throughput, p99 }: Race): Race {
  const turned = (figure: Figure): Figure => ({
    ...figure,
    mean: 1 / figure.mean,
    low: 1 / figure.high,
    high: 1 / figure.low,
  });
  return { throughput: turned(throughput), p99: turned(p99) };
}

/** More served and sooner answered, each over the whole interval. */
function beats({ throughput, p99 }: Race): Verdict {
  if (throughput.low > 1 && p99.high < 1) return 'holds';
  return throughput.high < 1 || p99.low > 1 ? 'fails' : 'undecided';
}

function within({ low, high }: Figure, tolerance: number): Verdict {
  if (low >= 1 - tolerance && high <= 1 + tolerance) return 'holds';
  return high < 1 - tolerance || low > 1 + tolerance ? 'fails' : 'undecided';
}

// SPDX-License-Identifier: Apache-2.0
import { figureOf, type Figure } from '#cli/runs/figure.ts';
import { UPSTREAM_RECORDS } from './input-size.ts';
import type { OrderFigures } from './orders.ts';
import {
  CONNECTIONS_PER_THREAD,
  REFERENCE_THREADS,
  SCENARIOS,
  TALK_SCENARIOS,
  VARIANTS,
  type Scenario,
  type Setting,
} from './plan.ts';
import type { Effort, ExperimentJob, ExperimentResult, Point } from './run.ts';

/** Figures of one scenario over seeds. */
export interface ScenarioFigures {
  readonly throughput: Figure;
  readonly p50: Figure;
  readonly p99: Figure;
  readonly joulesPerRequest: Figure;
  /** All machines. */
  readonly watts: Figure;
  /** What Kepler attributes to the application's Pods. */
  readonly podWatts: Figure;
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
  /** ... at similar power: within 10 %; and at similar energy by request. */
  readonly similarPower: Verdict;
  readonly similarEnergy: Verdict;
  /** Data pinned (order of the manifests) serves more and answers sooner than `default`. */
  readonly dataPinnedBeatsDefault: Verdict;
  /** The agent serves more and answers sooner than `default`. */
  readonly agentBeatsDefault: Verdict;
}

/** One setting with some of the scenarios. */
export interface Step<S extends Scenario = Scenario> {
  readonly threads: number;
  readonly connections: number;
  /** Hotels in the data stores. */
  readonly records: number;
  readonly scenarios: Readonly<Record<S, ScenarioFigures>>;
  readonly toDefault: Readonly<Record<S, RatioFigures>>;
  readonly statements: Statements;
}

/** One changed assumption. */
export interface Sensitivity extends Step {
  readonly factor: string;
  readonly value: string;
  /** Data pinned and deployed business first serves more and sooner than `default`. */
  readonly businessFirstBeatsDefault: Verdict;
}

type TalkScenario = (typeof TALK_SCENARIOS)[number];

/** The reference setting in detail. */
export interface Reference {
  readonly threads: number;
  /** Watts of all Pods of the application at the end of each second, over seeds. */
  readonly power: Readonly<Record<Scenario, readonly Figure[]>>;
  /** By scenario, service and node: share of the deployments with a Pod of the service there. */
  readonly placements: Readonly<
    Record<Scenario, Readonly<Record<string, Readonly<Record<string, number>>>>>
  >;
}

/** The content of out/experiment/results.json. */
export interface ExperimentResults {
  readonly seeds: readonly number[];
  readonly effort: Effort;
  readonly steps: readonly Step[];
  readonly sizes: readonly Step<TalkScenario>[];
  readonly sensitivity: readonly Sensitivity[];
  readonly reference: Reference;
  readonly orders: readonly OrderFigures[];
}

/** Puts all processes together. */
export function experimentResults(
  results: readonly ExperimentResult[],
  effort: Effort,
): ExperimentResults {
  const seeds = [
    ...new Set(results.filter(({ part }) => part !== 'orders').map(({ seed }) => seed)),
  ];
  const pointsOf = (part: ExperimentJob['part'], setting: Setting, scenario: Scenario): Point[] =>
    seeds.flatMap((seed) =>
      results
        .filter((one) => one.seed === seed && one.part === part)
        .flatMap(({ points }) => points)
        .filter(
          (point) =>
            point.scenario === scenario &&
            point.threads === setting.threads &&
            point.records === setting.records &&
            point.variant === setting.variant,
        ),
    );
  const base = (threads: number, records: number): Setting => ({ threads, records, variant: 0 });
  return {
    seeds,
    effort,
    steps: effort.threads.map((threads) => {
      const setting = base(threads, UPSTREAM_RECORDS);
      return stepOf(setting, SCENARIOS, (scenario) => pointsOf('steps', setting, scenario));
    }),
    sizes: effort.sizes.flatMap((records) =>
      effort.threads.map((threads) => {
        const setting = base(threads, records);
        return stepOf(setting, TALK_SCENARIOS, (scenario) => pointsOf('sizes', setting, scenario));
      }),
    ),
    sensitivity: VARIANTS.slice(0, effort.variants).map(({ factor, value }, variant) => {
      const setting = { threads: REFERENCE_THREADS, records: UPSTREAM_RECORDS, variant };
      const step = stepOf(setting, SCENARIOS, (scenario) =>
        pointsOf('sensitivity', setting, scenario),
      );
      const businessFirstBeatsDefault = beats(step.toDefault['data-pinned-business-first']);
      return { factor, value, ...step, businessFirstBeatsDefault };
    }),
    reference: referenceOf((scenario) =>
      pointsOf('steps', base(REFERENCE_THREADS, UPSTREAM_RECORDS), scenario),
    ),
    orders: results.flatMap(({ orders }) => orders),
  };
}

function entries<S extends Scenario, T>(
  scenarios: readonly S[],
  make: (scenario: S) => T,
): Readonly<Record<S, T>> {
  return Object.fromEntries(scenarios.map((scenario) => [scenario, make(scenario)])) as Record<
    S,
    T
  >;
}

function stepOf<S extends Scenario>(
  { threads, records }: Setting,
  scenarios: readonly S[],
  of: (scenario: Scenario) => readonly Point[],
): Step<S> {
  const base = of('default');
  const ratio = (scenario: Scenario): RatioFigures => ratios(of(scenario), base);
  const split = ratio('split');
  return {
    threads,
    connections: threads * CONNECTIONS_PER_THREAD,
    records,
    scenarios: entries(scenarios, (scenario) => figures(of(scenario))),
    toDefault: entries(scenarios, ratio),
    statements: {
      defaultBeatsSplit: isBeaten(split),
      similarPower: within(split.watts, 0.1),
      similarEnergy: within(split.joulesPerRequest, 0.1),
      dataPinnedBeatsDefault: beats(ratio('data-pinned')),
      agentBeatsDefault: beats(ratio('agent')),
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
    podWatts: of((point) => point.podWatts, 'watts'),
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

function referenceOf(of: (scenario: Scenario) => readonly Point[]): Reference {
  return {
    threads: REFERENCE_THREADS,
    power: entries(SCENARIOS, (scenario) => {
      const points = of(scenario);
      const seconds = Math.min(...points.map(({ power }) => power?.length ?? 0));
      return Array.from({ length: seconds }, (_, second) =>
        figureOf(
          points.map(({ power }) => power?.[second] ?? Number.NaN),
          'watts',
        ),
      );
    }),
    placements: entries(SCENARIOS, (scenario) => {
      const deployments = of(scenario).flatMap(({ placements }) => placements ?? []);
      const shares: Record<string, Record<string, number>> = {};
      for (const deployment of deployments) {
        for (const [service, nodes] of Object.entries(deployment)) {
          const byNode = (shares[service] ??= {});
          for (const node of new Set(nodes)) {
            byNode[node] = (byNode[node] ?? 0) + 1 / deployments.length;
          }
        }
      }
      return shares;
    }),
  };
}

interface Race {
  readonly throughput: Figure;
  readonly p99: Figure;
}

/** More served and sooner answered, each over the whole interval. */
function beats({ throughput, p99 }: Race): Verdict {
  if (throughput.low > 1 && p99.high < 1) return 'holds';
  return throughput.high < 1 || p99.low > 1 ? 'fails' : 'undecided';
}

/** Fewer served and later answered, each over the whole interval. */
function isBeaten({ throughput, p99 }: Race): Verdict {
  if (throughput.high < 1 && p99.low > 1) return 'holds';
  return throughput.low > 1 || p99.high < 1 ? 'fails' : 'undecided';
}

function within({ low, high }: Figure, tolerance: number): Verdict {
  if (low >= 1 - tolerance && high <= 1 + tolerance) return 'holds';
  return high < 1 - tolerance || low > 1 + tolerance ? 'fails' : 'undecided';
}

// SPDX-License-Identifier: Apache-2.0
import { type Figure, figureOf } from '#cli/runs/figure.ts';
import { VERSION } from '#cli/command/version.ts';
import { DEMO_POLICY_SPEC } from './agent-run.ts';
import {
  type Achievement,
  CLUSTERS,
  type ClusterName,
  type JobResult,
  type ScenarioName,
  SCENARIOS,
} from './job.ts';

/** A scenario's figures over seeds. */
export interface ScenarioFigures {
  readonly throughput: Figure;
  readonly p99: Figure;
  readonly joulesPerRequest: Figure;
}

/** Everything about one cluster. */
export interface ClusterFigures {
  readonly scenarios: Readonly<Record<ScenarioName, ScenarioFigures>>;
  /** The agent's figures divided by the default scheduler's, paired by seed. */
  readonly agentToDefault: ScenarioFigures;
  readonly learning: readonly ScenarioFigures[];
  /** Undefined when no Pod was asked to prefer a target. */
  readonly adherence: Figure | undefined;
  readonly decisions: Readonly<Record<string, number>>;
  readonly settled: number;
  readonly censored: Readonly<Record<string, number>>;
}

/** The content of `results.json`; docs/reference/results.md describes every field. */
export interface DemoResults {
  readonly version: string;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scenarios: ClusterFigures['scenarios'];
  readonly clusters: Readonly<Partial<Record<ClusterName, ClusterFigures>>>;
  readonly auditLog: string;
  readonly auditLogs: readonly string[];
}

/** Puts the results of all jobs together. @throws Error when there are none */
export function demoResults(
  results: readonly JobResult[],
  run: { readonly startedAt: Date; readonly durationSeconds: number },
): DemoResults {
  const first = results[0];
  if (first === undefined) throw new Error('the demo ran no job');
  const clusters: Partial<Record<ClusterName, ClusterFigures>> = {};
  for (const name of CLUSTERS) {
    const own = results.filter((result) => result.job.cluster === name);
    if (own.length > 0) clusters[name] = clusterFigures(own);
  }
  const shown = clusters[first.job.cluster];
  if (shown === undefined) throw new Error('the demo ran no job on its first cluster');
  return {
    version: VERSION,
    startedAt: run.startedAt.toISOString(),
    durationSeconds: run.durationSeconds,
    settings: {
      seeds: [...new Set(results.map(({ job }) => job.seed))],
      rollouts: first.job.rollouts,
      load: Object.fromEntries(results.map(({ job }) => [job.cluster, job.load])),
      policy: DEMO_POLICY_SPEC,
    },
    scenarios: shown.scenarios,
    clusters,
    auditLog: first.job.auditPath,
    auditLogs: results.map(({ job }) => job.auditPath),
  };
}

function clusterFigures(results: readonly JobResult[]): ClusterFigures {
  const figures = (pick: (result: JobResult) => Achievement): ScenarioFigures =>
    scenarioFigures(results.map(pick));
  const rollouts = Math.min(...results.map(({ learning }) => learning.length));
  const shares = results.flatMap(({ followed, asked }) => (asked > 0 ? [followed / asked] : []));
  const total = (
    pick: (result: JobResult) => Readonly<Record<string, number>>,
  ): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const result of results) {
      for (const [key, count] of Object.entries(pick(result))) sums[key] = (sums[key] ?? 0) + count;
    }
    return sums;
  };
  return {
    scenarios: {
      default: figures(({ scenarios }) => scenarios.default),
      split: figures(({ scenarios }) => scenarios.split),
      'data-pinned': figures(({ scenarios }) => scenarios['data-pinned']),
      agent: figures(({ scenarios }) => scenarios.agent),
    },
    agentToDefault: ratios(results),
    learning: Array.from({ length: rollouts }, (_, rollout) =>
      figures(({ learning }) => learning[rollout] as Achievement),
    ),
    adherence: shares.length === 0 ? undefined : figureOf(shares, 'ratio'),
    decisions: total(({ decisions }) => decisions),
    settled: results.reduce((sum, { settled }) => sum + settled, 0),
    censored: total(({ censored }) => censored),
  };
}

function scenarioFigures(achievements: readonly Achievement[]): ScenarioFigures {
  const of = (pick: (one: Achievement) => number, unit: string): Figure =>
    figureOf(achievements.map(pick), unit);
  return {
    throughput: of(({ throughput }) => throughput, 'requests per second'),
    p99: of(({ p99Milliseconds }) => p99Milliseconds, 'milliseconds'),
    joulesPerRequest: of(({ joulesPerRequest }) => joulesPerRequest, 'joules'),
  };
}

function ratios(results: readonly JobResult[]): ScenarioFigures {
  const of = (pick: (one: Achievement) => number): Figure =>
    figureOf(
      results.map(({ scenarios }) => pick(scenarios.agent) / pick(scenarios.default)),
      'ratio',
    );
  return {
    throughput: of(({ throughput }) => throughput),
    p99: of(({ p99Milliseconds }) => p99Milliseconds),
    joulesPerRequest: of(({ joulesPerRequest }) => joulesPerRequest),
  };
}

/** Scenarios in the order of the table. */
export const TABLE_ORDER: readonly ScenarioName[] = SCENARIOS;

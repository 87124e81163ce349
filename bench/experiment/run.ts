// SPDX-License-Identifier: Apache-2.0
import type { WindowFigures } from '#cli/simulate/job.ts';
import { runAgent, runStatic, type RunOptions } from '#cli/simulate/run.ts';
import { Judge } from '#cli/simulate/score.ts';
import type { World } from '#cli/simulate/world.ts';
import {
  CONNECTIONS,
  SCENARIOS,
  SENSITIVITY_CONNECTIONS,
  VARIANTS,
  worldFor,
  type Scenario,
} from './plan.ts';

/** The work of one process: one seed of the load steps or of the sensitivity runs. */
export interface ExperimentJob {
  readonly part: 'steps' | 'sensitivity';
  readonly seed: number;
  readonly connections: readonly number[];
  /** So many of the plan's variants, from the first. */
  readonly variants: number;
  readonly rollouts: number;
  readonly measured: number;
}

/** Means over the windows of one scenario under one seed. */
export interface Point {
  readonly scenario: Scenario;
  /** Of the closed loop. */
  readonly connections: number;
  /** Number of the variant in the plan; 0 = base. */
  readonly variant: number;
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly joulesPerRequest: number;
  readonly watts: number;
  readonly crossNodeCallsPerRequest: number;
}

/** What one process found. */
export interface ExperimentResult {
  readonly part: ExperimentJob['part'];
  readonly seed: number;
  readonly points: readonly Point[];
}

/** Runs one job. */
export function runExperimentJob(
  job: ExperimentJob,
  onProgress: (done: number, label: string) => void,
): ExperimentResult {
  const settings =
    job.part === 'steps'
      ? job.connections.map((connections) => ({ connections, variant: 0 }))
      : VARIANTS.slice(0, job.variants).map((_, variant) => ({
          connections: SENSITIVITY_CONNECTIONS,
          variant,
        }));
  const points: Point[] = [];
  settings.forEach(({ connections, variant }, i) => {
    const chosen = VARIANTS[variant];
    if (chosen === undefined) return;
    const world = worldFor(chosen, connections);
    const options: RunOptions = {
      seed: job.seed,
      // Nothing here is told in costs, so there is no reference.
      judge: new Judge(world.policy, []),
      rollouts: job.rollouts,
      measured: job.measured,
    };
    SCENARIOS.forEach((scenario, k) => {
      const label = `seed ${job.seed}: ${connections} connections, ${chosen.value}, ${scenario}`;
      onProgress((i + k / SCENARIOS.length) / settings.length, label);
      const figures = pointOf(windowsOf(scenario, world, options));
      points.push({ scenario, connections, variant, ...figures });
    });
  });
  return { part: job.part, seed: job.seed, points };
}

/** Everything is compared with `default`, and its deployments differ most: it gets so many more. */
const DEFAULT_FACTOR = 4;

function windowsOf(
  scenario: Scenario,
  world: World,
  options: RunOptions,
): readonly WindowFigures[] {
  if (scenario === 'agent') {
    const agent = { policy: world.policy, centred: true };
    return runAgent(world, scenario, { ...options, agent }).windows;
  }
  const name = scenario === 'best-cut' ? 'template:best-cut' : scenario;
  const measured = options.measured * (scenario === 'default' ? DEFAULT_FACTOR : 1);
  return runStatic(world, name, { ...options, measured, oracle: undefined }).windows;
}

function pointOf(
  windows: readonly WindowFigures[],
): Omit<Point, 'scenario' | 'connections' | 'variant'> {
  const mean = (pick: (one: WindowFigures) => number | undefined): number => {
    const values = windows.map(pick).filter((value) => value !== undefined);
    if (values.length === 0) throw new Error('no request was answered');
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    throughput: mean((one) => one.throughput),
    p50: mean((one) => one.p50Milliseconds),
    p99: mean((one) => one.p99Milliseconds),
    joulesPerRequest: mean((one) => one.joulesPerRequest),
    watts: mean((one) => one.watts),
    crossNodeCallsPerRequest: mean((one) => one.crossNodeCallsPerRequest),
  };
}

/** All load steps. */
export const ALL_CONNECTIONS: readonly number[] = CONNECTIONS;

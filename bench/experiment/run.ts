// SPDX-License-Identifier: Apache-2.0
import { AgentScheduler } from '#cli/simulate/agent-scheduler.ts';
import { RolloutRunner, trialSeed, type Rollout } from '#cli/simulate/rollout.ts';
import { staticScheduler } from '#cli/simulate/run.ts';
import { runTrial } from '#simulator/trial/trial.ts';
import { UPSTREAM_RECORDS } from './input-size.ts';
import { orderFigures, type OrderFigures } from './orders.ts';
import {
  INPUT_SIZES,
  REFERENCE_THREADS,
  SCENARIOS,
  TALK_SCENARIOS,
  THREADS,
  VARIANTS,
  worldsOf,
  type Scenario,
  type Setting,
  type Worlds,
} from './plan.ts';

/** How much is run: everything, or little for a test. */
export interface Effort {
  readonly threads: readonly number[];
  readonly sizes: readonly number[];
  /** So many of the plan's variants, from the first. */
  readonly variants: number;
  /** Virtual seconds measured, as long as wrk ran; and where an assumption is changed. */
  readonly windowSeconds: { readonly steps: number; readonly sensitivity: number };
  /** Deployments that the agent learns from. */
  readonly rollouts: { readonly steps: number; readonly sensitivity: number };
  /** Deployments measured by scenario; of `default`, whose deployments differ most, so many more. */
  readonly measured: { readonly steps: Measured; readonly sensitivity: Measured };
  /** The same, for every input size. */
  readonly measuredBySize: Measured;
}

/** Deployments measured under one seed. */
export interface Measured {
  readonly each: number;
  readonly default: number;
}

/** `make experiment`. */
export const FULL: Effort = {
  threads: THREADS,
  sizes: INPUT_SIZES,
  variants: VARIANTS.length,
  windowSeconds: { steps: 60, sensitivity: 20 },
  rollouts: { steps: 60, sensitivity: 40 },
  measured: { steps: { each: 3, default: 9 }, sensitivity: { each: 4, default: 12 } },
  measuredBySize: { each: 1, default: 2 },
};

/** For a test, and to see that everything runs. */
export const QUICK: Effort = {
  threads: [2, 16],
  sizes: [10_000],
  variants: 3,
  windowSeconds: { steps: 5, sensitivity: 4 },
  rollouts: { steps: 8, sensitivity: 4 },
  measured: { steps: { each: 1, default: 4 }, sensitivity: { each: 1, default: 4 } },
  measuredBySize: { each: 1, default: 2 },
};

/** The work of one process: one part of the experiment under one seed. */
export interface ExperimentJob {
  readonly part: 'steps' | 'sizes' | 'sensitivity' | 'orders';
  readonly seed: number;
  readonly effort: Effort;
}

/** Means over the windows of one scenario in one setting under one seed. */
export interface Point extends Setting {
  readonly scenario: Scenario;
  /** Completed requests per second. */
  readonly throughput: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Energy of all machines by completed request. */
  readonly joulesPerRequest: number;
  /** All machines; and what Kepler attributes to the Pods of the application. */
  readonly watts: number;
  readonly podWatts: number;
  readonly crossNodeCallsPerRequest: number;
  /** Only at the reference setting: `podWatts` second by second, and nodes by service. */
  readonly power?: readonly number[];
  readonly placements?: readonly Readonly<Record<string, readonly string[]>>[];
}

/** What one process found. */
export interface ExperimentResult {
  readonly part: ExperimentJob['part'];
  readonly seed: number;
  readonly points: readonly Point[];
  /** From the part `orders`. */
  readonly orders: readonly OrderFigures[];
}

/** One scenario to run, and how often. */
interface Task {
  readonly setting: Setting;
  readonly scenario: Scenario;
  readonly measured: number;
}

/** Runs one job. */
export function runExperimentJob(
  job: ExperimentJob,
  onProgress: (done: number, label: string) => void,
): ExperimentResult {
  const { part, seed, effort } = job;
  if (part === 'orders') return { part, seed, points: [], orders: orderFigures() };
  const short = part === 'sensitivity';
  const windowSeconds = effort.windowSeconds[short ? 'sensitivity' : 'steps'];
  const rollouts = effort.rollouts[short ? 'sensitivity' : 'steps'];
  const tasks = tasksOf(part, effort);
  const points = tasks.map((task, i): Point => {
    const { setting, scenario } = task;
    const { threads, records, variant } = setting;
    const value = VARIANTS[variant]?.value ?? '';
    const label = `seed ${seed}: ${threads} threads, ${records} records, ${value}, ${scenario}`;
    onProgress(i / tasks.length, label);
    const worlds = worldsOf(setting, windowSeconds);
    const measured = measure(task, worlds, seed, rollouts);
    const isReference = part === 'steps' && threads === REFERENCE_THREADS;
    return { ...setting, scenario, ...pointOf(measured, isReference) };
  });
  return { part, seed, points, orders: [] };
}

function tasksOf(part: 'steps' | 'sizes' | 'sensitivity', effort: Effort): Task[] {
  const tasks = (
    settings: readonly Setting[],
    scenarios: readonly Scenario[],
    measured: Measured,
  ): Task[] =>
    settings.flatMap((setting) =>
      scenarios.map((scenario) => ({
        setting,
        scenario,
        measured: scenario === 'default' ? measured.default : measured.each,
      })),
    );
  switch (part) {
    case 'steps': {
      const settings = effort.threads.map((threads) => ({
        threads,
        records: UPSTREAM_RECORDS,
        variant: 0,
      }));
      return tasks(settings, SCENARIOS, effort.measured.steps);
    }
    case 'sizes': {
      const settings = effort.sizes.flatMap((records) =>
        effort.threads.map((threads) => ({ threads, records, variant: 0 })),
      );
      return tasks(settings, TALK_SCENARIOS, effort.measuredBySize);
    }
    case 'sensitivity': {
      const settings = VARIANTS.slice(0, effort.variants).map((_, variant) => ({
        threads: REFERENCE_THREADS,
        records: UPSTREAM_RECORDS,
        variant,
      }));
      return tasks(settings, SCENARIOS, effort.measured.sensitivity);
    }
  }
}

/** Deploys and measures: every scenario of one seed meets the same requests. */
function measure(
  { scenario, measured }: Task,
  { learn, measure: stage }: Worlds,
  seed: number,
  rollouts: number,
): Rollout[] {
  if (scenario !== 'agent') {
    const name = scenario === 'best-cut' ? 'template:best-cut' : scenario;
    const runner = new RolloutRunner(
      stage,
      staticScheduler(stage, name, undefined),
      seed,
      rollouts,
    );
    return Array.from({ length: measured }, () => runner.next());
  }
  // The agent goes on learning from its short windows, exploring and holding out; what is measured
  // are its placements under the long window that all others get too.
  const options = { policy: learn.policy, centred: true };
  const agent = new AgentScheduler(learn, options, `${learn.name}/${seed}`);
  const runner = new RolloutRunner(learn, agent, seed);
  for (let i = 0; i < rollouts; i++) runner.next();
  return Array.from({ length: measured }, (_, i): Rollout => {
    const { placed, pending } = runner.next();
    return { placed, pending, trial: runTrial(stage.stage, placed, trialSeed(seed, rollouts + i)) };
  });
}

function pointOf(
  rollouts: readonly Rollout[],
  isReference: boolean,
): Omit<Point, 'scenario' | keyof Setting> {
  const windows = rollouts.map(({ trial }) => trial.interval);
  const mean = (values: readonly (number | undefined)[]): number => {
    const known = values.filter((value) => value !== undefined);
    if (known.length === 0) throw new Error('no request was answered');
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const podJoules = rollouts.map(({ trial }) =>
    trial.pods.reduce((sum, { joules }) => sum + joules, 0),
  );
  const seconds = rollouts[0]?.trial.power.map((_, second) =>
    mean(rollouts.map(({ trial }) => trial.power[second]?.podWatts)),
  );
  return {
    throughput: mean(windows.map(({ throughput }) => throughput)),
    p50: mean(windows.map(({ p50Milliseconds }) => p50Milliseconds)),
    p99: mean(windows.map(({ p99Milliseconds }) => p99Milliseconds)),
    joulesPerRequest: mean(windows.map(({ joulesPerRequest }) => joulesPerRequest)),
    watts: mean(windows.map(({ joules, seconds: length }) => joules / length)),
    podWatts: mean(podJoules.map((joules, i) => joules / (windows[i]?.seconds ?? 1))),
    crossNodeCallsPerRequest: mean(
      windows.map(({ crossNodeCallsPerRequest }) => crossNodeCallsPerRequest),
    ),
    ...(isReference ? { power: seconds ?? [], placements: rollouts.map(placementOf) } : {}),
  };
}

function placementOf({ placed }: Rollout): Readonly<Record<string, readonly string[]>> {
  const nodes: Record<string, string[]> = {};
  for (const { service, node } of placed) (nodes[service] ??= []).push(node);
  return nodes;
}

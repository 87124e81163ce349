// SPDX-License-Identifier: Apache-2.0
import type { WindowFigures } from '#cli/simulate/job.ts';
import { searchOracle, type Assignment } from '#cli/simulate/oracle.ts';
import { referenceJudge, runAgent, runStatic } from '#cli/simulate/run.ts';
import { readSpecification } from '#cli/simulate/specification.ts';
import { worldOf } from '#cli/simulate/world.ts';
import { AGENTS, agentOptions, SETTINGS, STATIC } from './plan.ts';

/** The work of one process: the search of a setting's oracle, or one seed of a setting. */
export type LearningJob =
  | { readonly kind: 'oracle'; readonly setting: number }
  | {
      readonly kind: 'seed';
      readonly setting: number;
      readonly seed: number;
      readonly rollouts: number;
      readonly measured: number;
      readonly oracle: Assignment;
    };

/** One policy under one seed. */
export interface PolicyRun {
  readonly policy: string;
  /** Sum over the learning rollouts of cost minus the oracle's mean cost, scaled to 100 rollouts. */
  readonly regretAt100: number;
  readonly joulesPerRequest: number;
  readonly p99: number;
  /** Mean cost after learning, minus the oracle's. */
  readonly gapToOracle: number;
  readonly sloBreachShare: number;
  /** Mean cost of each tenth of the learning rollouts, minus the oracle's; empty = no learning. */
  readonly learning: readonly number[];
}

/** What a process found. */
export type LearningResult =
  | { readonly kind: 'oracle'; readonly oracle: Assignment }
  | { readonly kind: 'seed'; readonly setting: number; readonly runs: readonly PolicyRun[] };

type Say = (done: number, label: string) => void;

/** Runs one job. */
export function runLearningJob(job: LearningJob, onProgress: Say): LearningResult {
  const setting = SETTINGS[job.setting];
  if (setting === undefined) throw new RangeError(`setting: ${job.setting}`);
  const specification = readSpecification(setting.file);
  const world = worldOf(specification);
  if (job.kind === 'oracle') {
    return { kind: 'oracle', oracle: searchOracle(world, specification.rest.cpuScale) };
  }
  const { seed, rollouts, measured, oracle } = job;
  const judge = referenceJudge(world);
  const options = { seed, judge, rollouts, measured };
  const label = `${setting.application} on ${setting.cluster}, seed ${seed}`;
  const ideal = runStatic(world, 'oracle', { ...options, oracle }).windows;
  const best = meanOf(ideal, (one) => one.cost);
  const total = STATIC.length + AGENTS.length * 4;
  const runs: PolicyRun[] = STATIC.map((policy, i) => {
    onProgress(i / total, `${label}: ${policy}`);
    const { windows } =
      policy === 'oracle' ? { windows: ideal } : runStatic(world, policy, { ...options, oracle });
    // Without learning every rollout is like every other: the mean regret, a hundred times.
    const regretAt100 = 100 * (meanOf(windows, (one) => one.cost) - best);
    return { policy, regretAt100, ...outcome(windows, best), learning: [] };
  });
  AGENTS.forEach((variant, i) => {
    const done = STATIC.length + 4 * i;
    const { windows, learning } = runAgent(world, variant.name, {
      ...options,
      agent: agentOptions(world.policy, variant),
      onRollout: (share) => onProgress((done + 4 * share) / total, `${label}: ${variant.name}`),
    });
    const regret = learning.reduce((sum, { cost }) => sum + cost - best, 0);
    runs.push({
      policy: variant.name,
      regretAt100: (100 / learning.length) * regret,
      ...outcome(windows, best),
      learning: tenths(learning).map((part) => meanOf(part, (one) => one.cost) - best),
    });
  });
  return { kind: 'seed', setting: job.setting, runs };
}

function outcome(
  windows: readonly WindowFigures[],
  best: number,
): Pick<PolicyRun, 'joulesPerRequest' | 'p99' | 'gapToOracle' | 'sloBreachShare'> {
  return {
    joulesPerRequest: meanOf(windows, (one) => one.joulesPerRequest),
    p99: meanOf(windows, (one) => one.p99Milliseconds),
    gapToOracle: meanOf(windows, (one) => one.cost) - best,
    sloBreachShare: meanOf(windows, (one) => Number(one.sloBreached)),
  };
}

function meanOf(
  windows: readonly WindowFigures[],
  pick: (one: WindowFigures) => number | undefined,
): number {
  const values = windows.map(pick).filter((value) => value !== undefined);
  if (values.length === 0) throw new Error('no request was answered');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function tenths(windows: readonly WindowFigures[]): WindowFigures[][] {
  const size = Math.max(1, Math.floor(windows.length / 10));
  return Array.from({ length: Math.floor(windows.length / size) }, (_, i) =>
    windows.slice(i * size, (i + 1) * size),
  );
}

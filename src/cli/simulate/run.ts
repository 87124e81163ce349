// SPDX-License-Identifier: Apache-2.0
import type { IntervalStats } from '#simulator/engine/interval.ts';
import { AgentScheduler, type AgentOptions } from './agent-scheduler.ts';
import { type SchedulerRun, TEMPLATE_PREFIX, type WindowFigures } from './job.ts';
import type { Assignment } from './oracle.ts';
import { RolloutRunner, type Rollout } from './rollout.ts';
import type { PlacementScheduler } from './scheduler.ts';
import { Judge } from './score.ts';
import {
  colocatedScheduler,
  dataPinnedScheduler,
  defaultScheduler,
  fixedScheduler,
  joulieScheduler,
  mostAllocatedScheduler,
  peaksScheduler,
  randomScheduler,
  splitScheduler,
  templateScheduler,
  tlpScheduler,
} from './static-schedulers.ts';
import type { World } from './world.ts';

/** Seed of the reference that costs are counted against, and its windows; no evaluation uses it. */
const REFERENCE_SEED = 800_001;
const REFERENCE_WINDOWS = 24;

/** What costs are counted against: the mean of the default scheduler in this world. */
export function referenceJudge(world: World): Judge {
  const runner = new RolloutRunner(world, defaultScheduler(world), REFERENCE_SEED);
  const windows = Array.from({ length: REFERENCE_WINDOWS }, () => runner.next().trial.interval);
  return new Judge(world.policy, windows);
}

/** A scheduler that does not learn, by its name. @throws RangeError for a name it does not know */
export function staticScheduler(
  world: World,
  name: string,
  oracle: Assignment | undefined,
): PlacementScheduler {
  const template = name.startsWith(TEMPLATE_PREFIX)
    ? world.templates[name.slice(TEMPLATE_PREFIX.length)]
    : undefined;
  if (template !== undefined) return templateScheduler(world, template);
  if (name === 'oracle' && oracle !== undefined) return fixedScheduler(world, oracle);
  const make = MAKERS[name];
  if (make === undefined) throw new RangeError(`scheduler: ${name}`);
  return make(world);
}

const MAKERS: Readonly<Record<string, (world: World) => PlacementScheduler>> = {
  default: (world) => defaultScheduler(world),
  split: splitScheduler,
  'data-pinned': (world) => dataPinnedScheduler(world, 'manifest'),
  'data-pinned-data-first': (world) => dataPinnedScheduler(world, 'data'),
  'data-pinned-business-first': (world) => dataPinnedScheduler(world, 'business'),
  'most-allocated': mostAllocatedScheduler,
  random: randomScheduler,
  peaks: peaksScheduler,
  tlp: tlpScheduler,
  joulie: joulieScheduler,
  'co-located': colocatedScheduler,
};

/** How long a scheduler runs, and how it is judged. */
export interface RunOptions {
  readonly seed: number;
  readonly judge: Judge;
  /** Rollouts before those that are measured. */
  readonly rollouts: number;
  readonly measured: number;
}

/**
 * Runs a scheduler that does not learn, over the same requests that the agent is measured with.
 * One rollout goes before, so that it has seen the load.
 */
export function runStatic(
  world: World,
  name: string,
  options: RunOptions & { readonly oracle: Assignment | undefined },
): SchedulerRun {
  const scheduler = staticScheduler(world, name, options.oracle);
  const runner = new RolloutRunner(
    world,
    scheduler,
    options.seed,
    Math.max(0, options.rollouts - 1),
  );
  if (options.rollouts > 0) runner.next();
  const rollouts = Array.from({ length: options.measured }, () => runner.next());
  return {
    scheduler: name,
    windows: rollouts.map(({ trial }) => figuresOf(trial.interval, options.judge)),
    learning: [],
    asked: 0,
    followed: 0,
    reasons: {},
    pending: pendingOf(rollouts),
  };
}

/** Lets the agent learn over `rollouts`, then measures it, exploring and holding out as ever. */
export function runAgent(
  world: World,
  name: string,
  options: RunOptions & {
    readonly agent: AgentOptions;
    readonly onRollout?: (done: number) => void;
  },
): SchedulerRun {
  const agent = new AgentScheduler(world, options.agent, `${world.name}/${options.seed}`);
  const runner = new RolloutRunner(world, agent, options.seed);
  const total = options.rollouts + options.measured;
  const learning: WindowFigures[] = [];
  const rollouts: Rollout[] = [];
  for (let i = 0; i < total; i++) {
    const rollout = runner.next();
    if (i < options.rollouts) learning.push(figuresOf(rollout.trial.interval, options.judge));
    else rollouts.push(rollout);
    options.onRollout?.((i + 1) / total);
  }
  return {
    scheduler: name,
    windows: rollouts.map(({ trial }) => figuresOf(trial.interval, options.judge)),
    learning,
    asked: agent.asked,
    followed: agent.followed,
    reasons: agent.reasons,
    pending: pendingOf(rollouts),
  };
}

function pendingOf(rollouts: readonly Rollout[]): number {
  return rollouts.reduce((sum, { pending }) => sum + pending.length, 0);
}

/** The figures of one window. */
export function figuresOf(window: IntervalStats, judge: Judge): WindowFigures {
  const requests = window.completed + window.failed;
  return {
    throughput: window.throughput,
    p50Milliseconds: window.p50Milliseconds,
    p99Milliseconds: window.p99Milliseconds,
    joulesPerRequest: window.joulesPerRequest,
    watts: window.joules / window.seconds,
    crossNodeCallsPerRequest: window.crossNodeCallsPerRequest,
    failedShare: requests > 0 ? window.failed / requests : 0,
    ...judge.score(window),
  };
}

// SPDX-License-Identifier: Apache-2.0
import { AgentScheduler } from '#cli/simulate/agent-scheduler.ts';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { defaultScheduler, fixedScheduler } from '#cli/simulate/static-schedulers.ts';
import { Arena } from '../learning/arena.ts';
import { runCourse, type Leg } from '../learning/course.ts';
import { findOracle, type Oracle } from '../learning/oracle.ts';
import {
  ACCOUNTINGS,
  accountingGround,
  accountingPolicy,
  WEIGHTINGS,
  type AccountingGround,
  type AccountingName,
  type WorldName,
} from './plan.ts';
import { WatchedScheduler } from './watched.ts';

/** The end of one run: what is judged, after learning and with exploration still on. */
export interface AccountingRun {
  readonly seed: number;
  /** Energy of all nodes, whoever uses them, by completed request. */
  readonly joulesPerRequest: number;
  readonly p99Milliseconds: number;
  /** 1 = the default scheduler's mean. */
  readonly cost: number;
  /** Share of the application's CPU time by node. */
  readonly shares: Readonly<Record<string, number>>;
}

/** The runs of one world. */
export interface WorldRuns {
  readonly ground: AccountingGround;
  readonly arena: Arena;
  readonly oracle: Oracle;
  readonly default: readonly AccountingRun[];
  readonly best: readonly AccountingRun[];
  /** By the name of a weighting, and by accounting. */
  readonly agents: Readonly<Record<string, Readonly<Record<AccountingName, AccountingRun[]>>>>;
}

/** What is run. */
export interface AccountingEffort {
  readonly seeds: readonly number[];
  readonly rollouts: number;
  /** Rollouts at the end that are judged. */
  readonly last: number;
  /** Names of weightings. */
  readonly weightings: readonly string[];
  /** Called before every run with the share that is done. */
  readonly onProgress?: (done: number, label: string) => void;
}

/** Runs the agent under every accounting in one world, beside the default and the best placement. */
export function runWorld(name: WorldName, effort: AccountingEffort): WorldRuns {
  const ground = accountingGround(name);
  const { world, cpuScale } = ground;
  const arena = new Arena(world);
  const weightings = WEIGHTINGS.filter((one) => effort.weightings.includes(one.name));
  const total = effort.seeds.length * (2 + weightings.length * ACCOUNTINGS.length);
  let done = 0;
  effort.onProgress?.(0, `${name}: search`);
  const oracle = findOracle(arena, cpuScale);
  const leg: Leg = { arena, rollouts: effort.rollouts, oracle: oracle.costs };
  const runs = (label: string, schedulerOf: (seed: number) => PlacementScheduler) =>
    effort.seeds.map((seed): AccountingRun => {
      effort.onProgress?.(done++ / total, `${name}: ${label}`);
      const scheduler = new WatchedScheduler(schedulerOf(seed));
      const steps = runCourse(scheduler, [leg], seed).slice(-effort.last);
      const shares = scheduler.shares.slice(-effort.last);
      return {
        seed,
        joulesPerRequest: mean(steps.map((one) => one.joulesPerRequest)),
        p99Milliseconds: mean(steps.map((one) => one.p99Milliseconds)),
        cost: mean(steps.map((one) => one.cost)),
        shares: Object.fromEntries(
          world.machines.map(({ name: node }) => [node, mean(shares.map((one) => one[node] ?? 0))]),
        ),
      };
    });
  return {
    ground,
    arena,
    oracle,
    default: runs('default', () => defaultScheduler(world)),
    best: runs('best placement', () => fixedScheduler(world, oracle.assignment)),
    agents: Object.fromEntries(
      weightings.map((weighting) => {
        const of = (accounting: AccountingName): AccountingRun[] =>
          runs(`${accounting}, ${weighting.name}`, (seed) => {
            const policy = accountingPolicy(world.policy, accounting, weighting);
            const options = { policy, centred: true };
            return new AgentScheduler(world, options, `${world.name}/${seed}`);
          });
        return [
          weighting.name,
          {
            Attributed: of('Attributed'),
            Amortised: of('Amortised'),
            Marginal: of('Marginal'),
          },
        ];
      }),
    ),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

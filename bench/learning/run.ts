// SPDX-License-Identifier: Apache-2.0
import { AgentScheduler } from '#cli/simulate/agent-scheduler.ts';
import { staticScheduler } from '#cli/simulate/run.ts';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { fixedScheduler } from '#cli/simulate/static-schedulers.ts';
import { Arena, WINDOWS } from './arena.ts';
import { CHANGES } from './change.ts';
import { runCourse, type Leg, type Step } from './course.ts';
import { LinearBandit } from './linear-bandit.ts';
import { bestTemplate, HINDSIGHT, templateScheduler } from './hindsight.ts';
import { findOracle, type Oracle } from './oracle.ts';
import { comparatorOf, PayingScheduler } from './paying.ts';
import {
  ABLATIONS,
  FIXED,
  groundOf,
  policyOf,
  SETTINGS,
  SHIPPED,
  type AgentVariant,
  type Ground,
} from './plan.ts';
import { reported } from './results.ts';
import { TemplateBandit } from './template-bandit.ts';

/** The work of one process. */
export type LearningJob =
  | { readonly kind: 'oracle'; readonly setting: number; readonly change: number | undefined }
  | {
      readonly kind: 'policies';
      readonly setting: number;
      readonly policies: readonly string[];
      readonly seeds: readonly number[];
      readonly rollouts: number;
      readonly oracle: Oracle;
    }
  | {
      readonly kind: 'change';
      readonly setting: number;
      readonly change: number;
      readonly seeds: readonly number[];
      /** Before the change, and after it. */
      readonly rollouts: readonly [before: number, after: number];
      readonly oracles: readonly [before: Oracle, after: Oracle];
    };

/** One policy under one seed, rollout by rollout. */
export interface PolicyRun {
  readonly policy: string;
  readonly seed: number;
  readonly steps: readonly Step[];
}

/** What a process found. */
export type LearningResult =
  | { readonly kind: 'oracle'; readonly oracle: Oracle }
  | { readonly kind: 'runs'; readonly runs: readonly PolicyRun[] };

type Say = (done: number, label: string) => void;

/** Runs one job. */
export function runLearningJob(job: LearningJob, onProgress: Say): LearningResult {
  const setting = SETTINGS[job.setting];
  if (setting === undefined) throw new RangeError(`setting: ${job.setting}`);
  const ground = groundOf(setting);
  const label = `${setting.application} on ${setting.cluster}`;
  if (job.kind === 'oracle') {
    const world = changed(ground, job.change);
    return { kind: 'oracle', oracle: findOracle(new Arena(world), ground.cpuScale) };
  }
  const say = (i: number, total: number, what: string): void =>
    onProgress(i / total, `${label}: ${what}`);
  const runs: PolicyRun[] = [];
  if (job.kind === 'change') {
    const arenas = [undefined, job.change].map((change) => new Arena(changed(ground, change)));
    const legs = arenas.map((arena, i): Leg => {
      return {
        arena,
        rollouts: job.rollouts[i] ?? 0,
        oracle: job.oracles[i]?.costs ?? [],
      };
    });
    job.seeds.forEach((seed, i) => {
      say(i, job.seeds.length, CHANGES[job.change]?.name ?? '');
      const agent = schedulerOf(SHIPPED.name, { ground, seed, legs, oracle: job.oracles[0] });
      runs.push({ policy: SHIPPED.name, seed, steps: runCourse(agent, legs, seed) });
    });
    return { kind: 'runs', runs };
  }
  const arena = new Arena(ground.world);
  const { oracle } = job;
  const shares = new Map<number, number>();
  job.policies.forEach((policy, p) => {
    job.seeds.forEach((seed, i) => {
      const whole = [{ arena, rollouts: job.rollouts, oracle: oracle.costs }];
      if (comparatorOf(policy) !== undefined && !shares.has(seed)) {
        shares.set(seed, shareInTheEnd({ ground, seed, legs: whole, oracle }));
      }
      say(p * job.seeds.length + i, job.policies.length * job.seeds.length, policy);
      const rollouts = isLearner(policy) ? job.rollouts : Math.min(job.rollouts, WINDOWS);
      const legs: Leg[] = [{ arena, rollouts, oracle: oracle.costs }];
      const share = shares.get(seed);
      const scheduler = schedulerOf(policy, { ground, seed, legs, oracle, share });
      runs.push({ policy, seed, steps: runCourse(scheduler, legs, seed) });
    });
  });
  return { kind: 'runs', runs };
}

/** Whether a policy changes from rollout to rollout; the others are measured and not followed. */
export function isLearner(policy: string): boolean {
  const own = comparatorOf(policy) ?? policy;
  return own !== 'oracle' && own !== HINDSIGHT && !(FIXED as readonly string[]).includes(own);
}

function changed({ world, cpuScale }: Ground, change: number | undefined): Ground['world'] {
  if (change === undefined) return world;
  const found = CHANGES[change];
  if (found === undefined) throw new RangeError(`change: ${change}`);
  return found.applyTo(world, cpuScale);
}

/** The share that the agent holds out in the rollouts whose energy is reported, mean of its decisions. */
function shareInTheEnd(parts: Omit<Parts, 'share'>): number {
  const { ground, seed, legs } = parts;
  const agent = agentOf(SHIPPED, ground, seed);
  const { length } = runCourse(agent, legs, seed);
  const shares = agent.shares.slice(-reported(length)).flat();
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

interface Parts {
  /** Of the Pods of a comparator that pays. */
  readonly share?: number | undefined;
  readonly ground: Ground;
  readonly seed: number;
  readonly legs: readonly Leg[];
  readonly oracle: Oracle;
}

function agentOf(variant: AgentVariant, { world }: Ground, seed: number): AgentScheduler {
  const options = { policy: policyOf(world.policy, variant), centred: variant.centred };
  return new AgentScheduler(world, options, `${world.name}/${seed}`);
}

function schedulerOf(policy: string, parts: Parts): PlacementScheduler {
  const { ground, seed, legs, oracle } = parts;
  const { world } = ground;
  const comparator = comparatorOf(policy);
  if (comparator !== undefined) {
    if (parts.share === undefined) throw new RangeError(`${policy}: no share`);
    const payment = { share: parts.share, seed };
    return new PayingScheduler(world, schedulerOf(comparator, parts), payment);
  }
  const [leg] = legs;
  if (leg === undefined) throw new RangeError('no leg');
  const variant: AgentVariant | undefined = [SHIPPED, ...ABLATIONS].find(
    ({ name }) => name === policy,
  );
  if (variant !== undefined) return agentOf(variant, ground, seed);
  const options = {
    seed,
    costOf: (trial: Parameters<Arena['score']>[0]) => leg.arena.score(trial).cost,
  };
  switch (policy) {
    case 'templates-ucb1':
      return new TemplateBandit(world, 'ucb1', options);
    case 'templates-thompson':
      return new TemplateBandit(world, 'thompson', options);
    case 'linear-thompson':
      return new LinearBandit(world, options);
    case HINDSIGHT:
      return templateScheduler(leg.arena, bestTemplate(leg.arena));
    case 'oracle':
      return fixedScheduler(world, oracle.assignment);
    default:
      return staticScheduler(world, policy, undefined);
  }
}

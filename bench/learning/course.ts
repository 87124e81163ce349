// SPDX-License-Identifier: Apache-2.0
import { placeAll } from '#cli/simulate/rollout.ts';
import type { PlacementScheduler, RolloutContext } from '#cli/simulate/scheduler.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { Random } from '#simulator/random/random.ts';
import type { World } from '#cli/simulate/world.ts';
import { WINDOWS, type Arena } from './arena.ts';

/** One world of a course, from its first rollout on. */
export interface Leg {
  readonly arena: Arena;
  readonly rollouts: number;
  /** Cost of the oracle in each window of this world. */
  readonly oracle: readonly number[];
}

/** One rollout of a policy. */
export interface Step {
  /** 1 = the default scheduler's mean in this world. */
  readonly cost: number;
  /** Cost minus that of the oracle under the same requests. */
  readonly regret: number;
  readonly joulesPerRequest: number;
  readonly p99Milliseconds: number;
  readonly throughput: number;
  readonly sloBreached: boolean;
}

/**
 * Runs one policy over all legs, every rollout on empty nodes. The windows come in an order that
 * depends on the seed alone, so that policies of one seed meet the same requests rollout by
 * rollout.
 */
export function runCourse(
  scheduler: PlacementScheduler,
  legs: readonly Leg[],
  seed: number,
): Step[] {
  const order = new Random(seed, 'window');
  const random = new Random(seed, 'placement');
  const steps: Step[] = [];
  legs.forEach(({ arena, rollouts, oracle }, leg) => {
    const { world } = arena;
    if (leg > 0) scheduler.changed?.(world);
    let utilisation = idle(world);
    for (let i = 0; i < rollouts; i++) {
      const window = order.integer(WINDOWS);
      const context: RolloutContext = { planner: new Planner(world), random, utilisation };
      scheduler.begin?.(context);
      placeAll(scheduler, context);
      const trial = arena.trial(context.planner.placed, window);
      scheduler.settle?.(trial, context);
      utilisation = Object.fromEntries(
        trial.interval.nodes.map((node) => [node.name, node.utilisation]),
      );
      const { cost, sloBreached } = arena.score(trial);
      const { joulesPerRequest, p99Milliseconds, throughput } = trial.interval;
      steps.push({
        cost,
        regret: cost - (oracle[window] ?? NaN),
        joulesPerRequest: joulesPerRequest ?? NaN,
        p99Milliseconds: p99Milliseconds ?? NaN,
        throughput,
        sloBreached,
      });
    }
  });
  return steps;
}

function idle({ machines }: World): Record<string, number> {
  return Object.fromEntries(
    machines.map(({ name, cores, systemCores }) => [name, systemCores / cores]),
  );
}

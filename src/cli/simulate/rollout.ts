// SPDX-License-Identifier: Apache-2.0
import { Planner } from '#simulator/trial/planner.ts';
import { Random } from '#simulator/random/random.ts';
import { runTrial, type PlacedPod, type Stage, type Trial } from '#simulator/trial/trial.ts';
import type { PlacementScheduler, RolloutContext } from './scheduler.ts';
import type { World } from './world.ts';

/** One rollout: where the Pods went and what came of it. */
export interface Rollout {
  readonly placed: readonly PlacedPod[];
  /** Pods that found no node. */
  readonly pending: readonly string[];
  readonly trial: Trial;
}

/** Far more than anybody measures in a row, so that streams of different seeds never meet. */
const ROLLOUTS_PER_SEED = 1_000_003;

/**
 * Seed of the requests of one rollout: the same for every scheduler, so that schedulers of one
 * seed are compared under the same requests.
 */
export function trialSeed(seed: number, rollout: number): number {
  return seed * ROLLOUTS_PER_SEED + rollout;
}

/**
 * Deploys the application again and again with one scheduler. Each rollout begins on empty nodes
 * and with empty queues; what schedulers see of the load is what was measured in the last window.
 */
export class RolloutRunner {
  readonly #world: World;
  readonly #scheduler: PlacementScheduler;
  readonly #seed: number;
  readonly #random: Random;
  #utilisation: Readonly<Record<string, number>>;
  #rollouts: number;

  /** `first` is the number of the first rollout: runs that begin later see later requests. */
  constructor(world: World, scheduler: PlacementScheduler, seed: number, first = 0) {
    this.#rollouts = first;
    this.#world = world;
    this.#scheduler = scheduler;
    this.#seed = seed;
    this.#random = new Random(seed, 'placement');
    this.#utilisation = Object.fromEntries(
      world.machines.map(({ name, cores, systemCores }) => [name, systemCores / cores]),
    );
  }

  /** The next rollout. */
  next(): Rollout {
    const world = this.#world;
    const scheduler = this.#scheduler;
    const context: RolloutContext = {
      planner: new Planner(world),
      random: this.#random,
      utilisation: this.#utilisation,
    };
    scheduler.begin?.(context);
    const pending = placeAll(scheduler, context);
    const { placed } = context.planner;
    const seed = trialSeed(this.#seed, this.#rollouts);
    const trial = runTrial(stageAt(world, this.#rollouts), placed, seed);
    scheduler.settle?.(trial, context);
    this.#utilisation = Object.fromEntries(
      trial.interval.nodes.map(({ name, utilisation }) => [name, utilisation]),
    );
    this.#rollouts++;
    return { placed, pending, trial };
  }
}

/** Places every Pod of the application; returns the names of those that found no node. */
export function placeAll(scheduler: PlacementScheduler, context: RolloutContext): string[] {
  const { planner } = context;
  const pending: string[] = [];
  for (const name of scheduler.order) {
    const service = planner.application.services.find((one) => one.name === name);
    if (service === undefined) throw new RangeError(`order: ${name}`);
    for (let replica = 0; replica < service.replicas; replica++) {
      const pod = planner.pod(service, replica, scheduler.pins[name]);
      const node = scheduler.place({ pod, service: name, replica }, context);
      if (node === undefined) pending.push(pod.metadata.name ?? name);
      else planner.bind(pod, node);
    }
  }
  return pending;
}

/** Fraction of a trace between two rollouts: any number of them in a row covers it evenly. */
const GOLDEN = (3 - Math.sqrt(5)) / 2;

/** The stage of one rollout: a trace begins at another place every time. */
export function stageAt({ stage }: World, rollout: number): Stage {
  const { load } = stage;
  if (load.kind !== 'trace') return stage;
  const first = Math.floor(((rollout * GOLDEN) % 1) * load.rates.length);
  const rates = [...load.rates.slice(first), ...load.rates.slice(0, first)];
  return { ...stage, load: { ...load, rates } };
}

// SPDX-License-Identifier: Apache-2.0
import { placeAll } from '#cli/simulate/rollout.ts';
import { Judge, type Score } from '#cli/simulate/score.ts';
import { defaultScheduler } from '#cli/simulate/static-schedulers.ts';
import type { World } from '#cli/simulate/world.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { Random } from '#simulator/random/random.ts';
import { runTrial, type PlacedPod, type Trial } from '#simulator/trial/trial.ts';
import { Likenesses } from './likeness.ts';

/** Traffic windows of a world: every rollout of every policy and seed meets one of them. */
export const WINDOWS = 32;

/** Seeds of the windows' requests: their own, so that no other run of the simulator meets them. */
const WINDOW_SEED = 700_001_000;
/** Of the default scheduler's placements that costs are counted against. */
const REFERENCE_SEED = 800_001;
const REFERENCE_ROLLOUTS = 2 * WINDOWS;
/** Trials that are remembered; the oldest goes first. */
const REMEMBERED = 6000;

/**
 * One world in which placements are tried. What traffic there is comes from a fixed set of windows,
 * so that all policies and seeds meet the same requests and a placement that was tried under a
 * window, or one that is like it, need not be simulated again.
 */
export class Arena {
  readonly world: World;
  readonly #trials = new Map<string, Trial>();
  readonly #likenesses: Likenesses;
  #judge: Judge | undefined;
  /** Trials asked for, and those that had to be simulated. */
  asked = 0;
  simulated = 0;

  constructor(world: World) {
    this.world = world;
    this.#likenesses = new Likenesses(world.stage.machines, world.stage.background);
  }

  /** One placement under the requests of one window. */
  trial(placed: readonly PlacedPod[], window: number): Trial {
    this.asked++;
    const { placed: alike, restore } = this.#likenesses.of(placed);
    const key = `${window} ${alike.map(({ name, node }) => `${name}@${node}`).join(' ')}`;
    const known = this.#trials.get(key);
    if (known !== undefined) return restore(known);
    this.simulated++;
    const trial = runTrial(this.world.stage, alike, WINDOW_SEED + window);
    this.#trials.set(key, trial);
    const first = this.#trials.keys().next();
    if (this.#trials.size > REMEMBERED && first.done !== true) this.#trials.delete(first.value);
    return restore(trial);
  }

  /** Judges a trial against the mean of the default scheduler over all windows. */
  score(trial: Trial): Score {
    this.#judge ??= this.#reference();
    return this.#judge.score(trial.interval);
  }

  #reference(): Judge {
    const random = new Random(REFERENCE_SEED, 'placement');
    const windows = Array.from({ length: REFERENCE_ROLLOUTS }, (_, i) => {
      const planner = new Planner(this.world);
      placeAll(defaultScheduler(this.world), { planner, random, utilisation: {} });
      return this.trial(planner.placed, i % WINDOWS).interval;
    });
    return new Judge(this.world.policy, windows);
  }
}

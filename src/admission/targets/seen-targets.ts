// SPDX-License-Identifier: Apache-2.0
import type { Observation, TargetObservation } from '#cluster/model/observation.ts';

/** What the learner saw of targets. */
export interface TargetsSeen {
  /** undefined = nothing of this one. */
  get(target: string): TargetObservation | undefined;
}

/**
 * The targets of an observation as decisions ask for them: by the names that stand in the labels of
 * Nodes, up to 64 at a time. In an object of a thousand keys each of them costs the engine a look into
 * its table of all property names and a search among the thousand; here it does so once.
 */
export class SeenTargets {
  readonly #kept = new WeakMap<Observation['targets'], TargetsSeen>();

  /** The same for the same targets. undefined = nothing was seen. */
  of(observation: Observation | undefined): TargetsSeen | undefined {
    if (observation === undefined) return undefined;
    const { targets } = observation;
    let seen = this.#kept.get(targets);
    if (seen === undefined) this.#kept.set(targets, (seen = new Found(targets)));
    return seen;
  }
}

/** Filled name by name: to go through ten thousand at once would hold the event loop up. */
class Found implements TargetsSeen {
  readonly #targets: Observation['targets'];
  /** null = there is none. */
  readonly #found = new Map<string, TargetObservation | null>();

  constructor(targets: Observation['targets']) {
    this.#targets = targets;
  }

  get(target: string): TargetObservation | undefined {
    let found = this.#found.get(target);
    if (found === undefined) {
      // `constructor` is a label value, too.
      found = Object.hasOwn(this.#targets, target) ? (this.#targets[target] ?? null) : null;
      this.#found.set(target, found);
    }
    return found ?? undefined;
  }
}

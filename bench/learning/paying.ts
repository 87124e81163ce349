// SPDX-License-Identifier: Apache-2.0
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import type { PlacementScheduler, PodRequest, RolloutContext } from '#cli/simulate/scheduler.ts';
import { placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { World } from '#cli/simulate/world.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import type { Trial } from '#simulator/trial/trial.ts';

/** After the name of a comparator: it holds out as many Pods as the agent does in the end. */
const PAYING = '+holdout';

/** The comparator's name when it pays for evidence as the agent does. */
export function payingName(policy: string): string {
  return `${policy}${PAYING}`;
}

/** The comparator that a paying one is; undefined for a policy that is none. */
export function comparatorOf(policy: string): string | undefined {
  return policy.endsWith(PAYING) ? policy.slice(0, -PAYING.length) : undefined;
}

/** What a comparator pays. */
export interface Payment {
  /** Share of its Pods that is held out, 0..1. */
  readonly share: number;
  /** Names the draws, so that all comparators of a seed hold out the same Pods. */
  readonly seed: number;
}

/**
 * A comparator that leaves the same share of its Pods to the stock scheduler as the agent does, each
 * by a draw of its own: without them nobody could show what the comparator saves. It learns from
 * what came of the whole, as the agent does. How many the agent holds out changes with what it knows,
 * so the share is that of the rollouts whose energy is compared, throughout.
 */
export class PayingScheduler implements PlacementScheduler {
  readonly order: readonly string[];
  readonly #inner: PlacementScheduler;
  readonly #world: World;
  readonly #generator: Generator;
  readonly #share: number;

  constructor(world: World, inner: PlacementScheduler, { share, seed }: Payment) {
    this.#world = world;
    this.#inner = inner;
    this.order = inner.order;
    this.#share = share;
    this.#generator = createGenerator(`holdout/${seed}`);
  }

  /** Those of the comparator: some write new ones for every rollout. */
  get pins(): Pins {
    return this.#inner.pins;
  }

  begin(context: RolloutContext): void {
    this.#inner.begin?.(context);
  }

  place(request: PodRequest, context: RolloutContext): string | undefined {
    const { application } = this.#world;
    if (this.#generator.next() >= this.#share) {
      return this.#inner.place(request, context);
    }
    const service = application.services.find(({ name }) => name === request.service);
    if (service === undefined) throw new RangeError(`service: ${request.service}`);
    const unpinned = context.planner.pod(service, request.replica);
    return placeByDefault({ ...request, pod: unpinned }, context);
  }

  settle(trial: Trial, context: RolloutContext): void {
    this.#inner.settle?.(trial, context);
  }
}

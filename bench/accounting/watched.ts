// SPDX-License-Identifier: Apache-2.0
import type { PlacementScheduler, PodRequest, RolloutContext } from '#cli/simulate/scheduler.ts';
import type { Trial } from '#simulator/trial/trial.ts';

/** A scheduler that does what another one does, and keeps where the CPU of each rollout went. */
export class WatchedScheduler implements PlacementScheduler {
  readonly order: readonly string[];
  readonly pins: PlacementScheduler['pins'];
  /** By rollout: the share of the application's CPU time on each node; all shares add up to 1. */
  readonly shares: Readonly<Record<string, number>>[] = [];
  readonly #inner: PlacementScheduler;

  constructor(inner: PlacementScheduler) {
    this.#inner = inner;
    this.order = inner.order;
    this.pins = inner.pins;
  }

  begin(context: RolloutContext): void {
    this.#inner.begin?.(context);
  }

  place(request: PodRequest, context: RolloutContext): string | undefined {
    return this.#inner.place(request, context);
  }

  settle(trial: Trial, context: RolloutContext): void {
    this.shares.push(sharesOf(trial));
    this.#inner.settle?.(trial, context);
  }
}

function sharesOf({ pods, interval }: Trial): Record<string, number> {
  const all = pods.reduce((sum, { cores }) => sum + cores, 0);
  return Object.fromEntries(
    interval.nodes.map(({ name }) => {
      const own = pods.filter(({ pod }) => pod.node === name);
      return [name, own.reduce((sum, { cores }) => sum + cores, 0) / all];
    }),
  );
}

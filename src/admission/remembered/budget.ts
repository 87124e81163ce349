// SPDX-License-Identifier: Apache-2.0

const HOUR_MILLISECONDS = 3_600_000;

/**
 * Exploring decisions per namespace and clock hour, counted in this replica. Bounded: with a new
 * hour every count of the old one goes.
 */
export class ExplorationBudget {
  readonly #spent = new Map<string, number>();
  #hour = Number.NaN;

  /** Whether the namespace may still explore in the hour of `now`. Spends nothing. */
  allows(namespace: string, budgetPerHour: number, now: number): boolean {
    this.#turn(now);
    return (this.#spent.get(namespace) ?? 0) < budgetPerHour;
  }

  /** Counts one exploring decision. */
  spend(namespace: string, now: number): void {
    this.#turn(now);
    this.#spent.set(namespace, (this.#spent.get(namespace) ?? 0) + 1);
  }

  #turn(now: number): void {
    const hour = Math.floor(now / HOUR_MILLISECONDS);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#spent.clear();
  }
}

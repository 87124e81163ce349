// SPDX-License-Identifier: Apache-2.0
import { AgedMap } from './aged-map.ts';

/**
 * Ids met lately, each for a limited time and at most so many. Tells a decision that already has
 * its Pod from one that is being reviewed again: the first is a copy when it comes back.
 */
export class RecentIds {
  readonly #lifetimeMilliseconds: number;
  readonly #limit: number;
  /** Id to the time it was met. */
  readonly #times = new AgedMap<number>();

  constructor(limits: { readonly lifetimeMilliseconds: number; readonly entries: number }) {
    this.#lifetimeMilliseconds = limits.lifetimeMilliseconds;
    this.#limit = limits.entries;
  }

  /** Remembers an id from now on. */
  add(id: string, now: number): void {
    this.#times.put(id, now);
    for (let { oldest } = this.#times; oldest !== undefined; { oldest } = this.#times) {
      const expired = now - oldest.value > this.#lifetimeMilliseconds;
      if (!expired && this.#times.size <= this.#limit) return;
      this.#times.take(oldest.key);
    }
  }

  /** Whether the id was met within the lifetime. */
  has(id: string, now: number): boolean {
    const at = this.#times.get(id);
    return at !== undefined && now - at <= this.#lifetimeMilliseconds;
  }
}

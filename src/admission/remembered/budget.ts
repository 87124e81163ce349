// SPDX-License-Identifier: Apache-2.0

const HOUR_MILLISECONDS = 3_600_000;

/** Decisions told apart by namespace and hour; more than that are counted, each replica its own. */
const KNOWN_LIMIT = 20_000;

/** What one namespace has spent in the hour. */
interface Spent {
  count: number;
  readonly ids: Set<string>;
}

/**
 * Exploring decisions per namespace and clock hour, whichever replica took them: its own when it
 * answers, the others' when the watch shows their Pods, each once by its id. Bounded: with a new hour
 * every count of the old one goes.
 */
export class ExplorationBudget {
  readonly #spent = new Map<string, Spent>();
  #hour = Number.NaN;

  /** Whether the namespace may still explore in the hour of `now`. Spends nothing. */
  allows(namespace: string, budgetPerHour: number, now: number): boolean {
    this.#turn(now);
    return (this.#spent.get(namespace)?.count ?? 0) < budgetPerHour;
  }

  /** Whether a decision was counted in the hour of `now`, or is too old to be. */
  hasCounted(namespace: string, id: string, decidedAt: number, now: number): boolean {
    this.#turn(now);
    return hourOf(decidedAt) !== this.#hour || this.#spent.get(namespace)?.ids.has(id) === true;
  }

  /** Counts an exploring decision of this replica. */
  spend(namespace: string, id: string, decidedAt: number): void {
    this.#turn(decidedAt);
    this.#count(namespace, id);
  }

  /**
   * Counts a decision that the watch shows, unless it is of another hour than `now` or was counted
   * already. Beyond 20,000 it cannot be told any more whether it was, and it is left out.
   */
  seen(namespace: string, id: string, decidedAt: number, now: number): void {
    if (this.hasCounted(namespace, id, decidedAt, now)) return;
    if ((this.#spent.get(namespace)?.ids.size ?? 0) < KNOWN_LIMIT) this.#count(namespace, id);
  }

  #count(namespace: string, id: string): void {
    const spent = this.#spent.get(namespace) ?? { count: 0, ids: new Set() };
    spent.count += 1;
    if (spent.ids.size < KNOWN_LIMIT) spent.ids.add(id);
    this.#spent.set(namespace, spent);
  }

  #turn(now: number): void {
    const hour = hourOf(now);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#spent.clear();
  }
}

function hourOf(milliseconds: number): number {
  return Math.floor(milliseconds / HOUR_MILLISECONDS);
}

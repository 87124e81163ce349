// SPDX-License-Identifier: Apache-2.0
import type { Savings, SavingsPoint } from '#dashboard/api/api.ts';
import { ThinningHistory } from './history.ts';
import type { DashboardSources, SavingsNow } from './sources.ts';

/** Most namespaces, workloads of all of them, and points of each history. */
export const SAVINGS_LIMITS = { namespaces: 200, workloads: 2000, points: 240 } as const;

/**
 * Savings now, and how they came to be: models only hold sums, so that this process has to look
 * whenever they have changed. What was before its start nobody knows any more.
 */
export class SavingsHistory {
  readonly #sources: Pick<DashboardSources, 'savings'>;
  readonly #now: () => number;
  readonly #since: number;
  readonly #histories = new Map<string, ThinningHistory<SavingsPoint>>();

  constructor(sources: Pick<DashboardSources, 'savings'>, now: () => number) {
    this.#sources = sources;
    this.#now = now;
    this.#since = now();
  }

  /** Looks once; a namespace gains a point if its evidence has grown. */
  look(): void {
    for (const one of this.#sources.savings().namespaces) this.#note(one);
  }

  /** As `GET /api/savings` answers it. */
  answer(): Savings {
    const { namespaces: all, unreadable } = this.#sources.savings();
    let room: number = SAVINGS_LIMITS.workloads;
    const namespaces = all.slice(0, SAVINGS_LIMITS.namespaces).map((one) => {
      this.#note(one);
      const workloads = one.workloads.slice(0, room);
      room -= workloads.length;
      return {
        ...one,
        workloads,
        workloadsOmitted: one.workloads.length - workloads.length,
        history: this.#histories.get(one.namespace)?.points ?? [],
      };
    });
    return {
      since: this.#since,
      namespaces,
      namespacesOmitted: all.length - namespaces.length,
      unreadable: unreadable.slice(0, 20),
    };
  }

  #note({ namespace, savings, settled }: SavingsNow): void {
    let history = this.#histories.get(namespace);
    if (history === undefined) {
      if (this.#histories.size >= SAVINGS_LIMITS.namespaces) return;
      history = new ThinningHistory(SAVINGS_LIMITS.points);
      this.#histories.set(namespace, history);
    }
    const point = pointOf(savings, settled, this.#now());
    if (!isSame(history.last, point)) history.add(point);
  }
}

function pointOf(savings: SavingsNow['savings'], settled: number, time: number): SavingsPoint {
  if (savings.kind === 'refused') return { time, decisions: settled, holdouts: 0 };
  const { decisions, holdouts, savedRatio } = savings;
  return { time, decisions, holdouts, ratio: savedRatio };
}

function isSame(last: SavingsPoint | undefined, { decisions, holdouts, ratio }: SavingsPoint) {
  if (last === undefined) return false;
  const counts = last.decisions === decisions && last.holdouts === holdouts;
  return counts && last.ratio?.mean === ratio?.mean;
}

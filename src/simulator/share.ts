// SPDX-License-Identifier: Apache-2.0
import { EventQueue } from './event-queue.ts';

/**
 * Jobs that progress at the same rate: those of all unlimited Pods of a node, or those of one Pod
 * with a CPU limit. `clock` is the service, in core-seconds, that a job present since the
 * beginning would have attained; a job that needs `d` core-seconds ends when the clock has moved
 * by `d`. So an arrival or departure costs O(log n) although it changes every job's speed.
 */
export class Share {
  /** Cores that the jobs may use together; Infinity = no limit. */
  readonly limitCores: number;
  /** Attained service, core-seconds. */
  clock = 0;
  /** Cores each job gets now, 0..1. */
  rate = 0;
  readonly #jobs = new EventQueue(64);

  constructor(limitCores: number) {
    this.limitCores = limitCores;
  }

  /** Number of jobs present. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Cores that the jobs could use if the node were theirs alone. */
  get demandCores(): number {
    return Math.min(this.#jobs.size, this.limitCores);
  }

  /** Core-seconds until the first job ends; Infinity without jobs. */
  get remaining(): number {
    return this.#jobs.nextTime - this.clock;
  }

  /** Adds a job that needs `coreSeconds`. */
  push(job: number, coreSeconds: number): void {
    this.#jobs.push(this.clock + coreSeconds, job);
  }

  /** Removes the job that ends now, sets the clock to its end and returns it. */
  pop(): number {
    if (this.#jobs.nextTime > this.clock) this.clock = this.#jobs.nextTime;
    return this.#jobs.pop();
  }
}

/**
 * Divides `cores` among shares: every job gets the same rate, at most one core, and no share more
 * than its limit (max-min fairness by job, filled like water). Writes `rate` of each share.
 */
export function divideCores(shares: readonly Share[], cores: number): void {
  let left = cores;
  let jobs = 0;
  for (const share of shares) {
    share.rate = -1;
    jobs += share.size;
  }
  for (;;) {
    const level = jobs > 0 ? Math.min(1, left / jobs) : 1;
    let changed = false;
    for (const share of shares) {
      if (share.rate >= 0 || share.size === 0) continue;
      const ceiling = Math.min(1, share.limitCores / share.size);
      if (ceiling < level) {
        share.rate = ceiling;
        left -= ceiling * share.size;
        jobs -= share.size;
        changed = true;
      }
    }
    if (changed) continue;
    for (const share of shares) if (share.rate < 0) share.rate = share.size === 0 ? 0 : level;
    return;
  }
}

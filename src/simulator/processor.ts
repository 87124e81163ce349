// SPDX-License-Identifier: Apache-2.0
import { divideCores, Share } from './share.ts';

/** The share of Pods without a CPU limit. */
export const UNLIMITED = 0;

/**
 * The CPU of one node: egalitarian processor sharing over `cores` cores, a job uses at most one
 * core at a time (rate = min(1, cores/jobs)), optional limits per Pod. Times are seconds; work is
 * core-seconds of this node.
 */
export class Processor {
  /** Cores that jobs can use. */
  readonly cores: number;
  /** Work of a reference core that one core of this node does in the same time. */
  readonly speed: number;
  /** Time of the next completion if nothing changes; Infinity while idle. */
  next = Infinity;
  /** Jobs present. */
  jobs = 0;
  #time = 0;
  #nextShare: Share;
  readonly #shares: Share[];
  readonly #free: number[] = [];
  readonly #unlimited: Share;
  #limited = 0;

  constructor(cores: number, speed: number) {
    this.cores = cores;
    this.speed = speed;
    this.#unlimited = new Share(Infinity);
    this.#nextShare = this.#unlimited;
    this.#shares = [this.#unlimited];
  }

  /** Opens a share of its own for a Pod with a limit; its number goes to {@link start}. */
  openShare(limitCores: number): number {
    const share = new Share(limitCores);
    this.#limited++;
    const index = this.#free.pop();
    if (index !== undefined) {
      this.#shares[index] = share;
      return index;
    }
    return this.#shares.push(share) - 1;
  }

  /** Gives an empty share back. */
  closeShare(index: number): void {
    if (index === UNLIMITED) return;
    this.#shares[index] = new Share(0);
    this.#free.push(index);
    this.#limited--;
  }

  /** Attained service of a share, core-seconds per job, brought up to `time`. */
  clock(time: number, share: number): number {
    this.#sync(time);
    return (this.#shares[share] as Share).clock;
  }

  /** Starts a job that needs `coreSeconds` of this node. */
  start(time: number, share: number, job: number, coreSeconds: number): void {
    this.#sync(time);
    this.jobs++;
    (this.#shares[share] as Share).push(job, coreSeconds);
    this.#update();
  }

  /** Brings the clocks to {@link next} and tells which job ends then, without removing rates. */
  finish(): number {
    this.#sync(this.next);
    const job = this.#nextShare.pop();
    this.jobs--;
    this.#update();
    return job;
  }

  #sync(time: number): void {
    const elapsed = time - this.#time;
    if (elapsed <= 0) return;
    this.#time = time;
    if (this.#limited === 0) {
      this.#unlimited.clock += this.#unlimited.rate * elapsed;
      return;
    }
    for (const share of this.#shares) share.clock += share.rate * elapsed;
  }

  #update(): void {
    if (this.#limited === 0) {
      const share = this.#unlimited;
      const jobs = share.size;
      if (jobs === 0) {
        share.rate = 0;
        this.next = Infinity;
        return;
      }
      share.rate = jobs <= this.cores ? 1 : this.cores / jobs;
      this.#nextShare = share;
      this.next = this.#time + Math.max(0, share.remaining) / share.rate;
      return;
    }
    divideCores(this.#shares, this.cores);
    this.next = Infinity;
    for (const share of this.#shares) {
      if (share.size === 0) continue;
      const end = this.#time + Math.max(0, share.remaining) / share.rate;
      if (end < this.next) {
        this.next = end;
        this.#nextShare = share;
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#simulator/events/clock.ts';
import { FirstCompletion } from './first-completion.ts';
import { RATE, ShareTable, SIZE, SPARE } from './share-table.ts';
import { divideCores, type Share } from './share.ts';

/** One node as the engine needs it. */
export interface EngineNode {
  /** Cores that Pods can use. */
  readonly cores: number;
  /** Speed of one core against the reference core of the application's CPU times. */
  readonly speed: number;
}

/** Kept in a node's unlimited share: the time that the clocks of its shares stand at. */
const TIME = SPARE;

/** A share of a node where some Pod has a limit. */
interface LimitedShare extends Share {
  readonly at: number;
}

/** What a node has where some Pod has a limit: all its shares, the unlimited one first. */
interface Limits {
  readonly shares: LimitedShare[];
  /** Places in `shares` that are free. */
  readonly free: number[];
  limited: number;
  /** The share whose job ends next. */
  next: number;
}

/**
 * The CPUs of all nodes: on each egalitarian processor sharing over its cores, a job uses at most
 * one core at a time (rate = min(1, cores/jobs)), optional limits per Pod. Times are seconds; work
 * is core-seconds of the node.
 */
export class Processors {
  /** By node: cores that jobs can use. */
  readonly cores: Float64Array;
  /** By node: work of a reference core that one core of this node does in the same time. */
  readonly speed: Float64Array;
  /** By node: jobs present. */
  readonly jobs: Int32Array;
  /** What ends next, and where. */
  readonly first: FirstCompletion;
  readonly #clock: Clock;
  readonly #shares: ShareTable;
  /** By node: its unlimited share. */
  readonly #unlimited: Int32Array;
  /** By node; undefined where no Pod ever had a limit. */
  readonly #limits: (Limits | undefined)[];

  constructor(nodes: readonly EngineNode[], clock: Clock) {
    this.#clock = clock;
    this.first = new FirstCompletion(nodes.length);
    this.cores = Float64Array.from(nodes, ({ cores }) => cores);
    this.speed = Float64Array.from(nodes, ({ speed }) => speed);
    this.jobs = new Int32Array(nodes.length);
    this.#shares = new ShareTable(nodes.length);
    this.#limits = nodes.map(() => undefined);
    this.#unlimited = Int32Array.from(nodes, () => this.#shares.open());
  }

  /** Number of nodes. */
  get count(): number {
    return this.jobs.length;
  }

  /** The share of a node's Pods without a CPU limit. */
  unlimited(node: number): number {
    return this.#unlimited[node] as number;
  }

  /** Opens a share of its own for a Pod with a limit; what it returns goes to {@link start}. */
  openShare(node: number, limitCores: number): number {
    const limits = (this.#limits[node] ??= this.#noLimits(node));
    const index = limits.free.pop() ?? limits.shares.length;
    const at = limits.shares[index]?.at ?? this.#shares.open();
    this.#shares.reset(at);
    limits.shares[index] = this.#share(at, limitCores);
    if (limits.limited++ === 0) limits.next = this.unlimited(node);
    return at;
  }

  /** Gives an empty share back; the unlimited one stays. */
  closeShare(node: number, share: number): void {
    const limits = this.#limits[node];
    if (limits === undefined || share === this.unlimited(node)) return;
    this.#shares.reset(share);
    limits.free.push(limits.shares.findIndex(({ at }) => at === share));
    limits.limited--;
  }

  /** Attained service of a share, core-seconds per job, when its node was brought up to now. */
  attained(share: number): number {
    return this.#shares.clock(share);
  }

  /** Brings the clocks of a node's shares up to now. */
  sync(node: number): void {
    const unlimited = this.unlimited(node);
    const { floats } = this.#shares.block;
    const elapsed = this.#clock.now - (floats[unlimited + TIME] as number);
    if (elapsed <= 0) return;
    floats[unlimited + TIME] = this.#clock.now;
    const limits = this.#limits[node];
    if (limits === undefined || limits.limited === 0) {
      this.#shares.pass(unlimited, elapsed);
      return;
    }
    for (const { at } of limits.shares) this.#shares.pass(at, elapsed);
  }

  /** Starts a job that needs `coreSeconds` of this node, which was brought up to now. */
  start(node: number, share: number, job: number, coreSeconds: number): void {
    this.jobs[node] = (this.jobs[node] as number) + 1;
    this.#shares.push(share, job, coreSeconds);
    this.#update(node);
  }

  /** Ends the job of the node that ends now and tells which it is. */
  finish(node: number): number {
    this.sync(node);
    const limits = this.#limits[node];
    const job = this.#shares.pop(
      limits === undefined || limits.limited === 0 ? this.unlimited(node) : limits.next,
    );
    this.jobs[node] = (this.jobs[node] as number) - 1;
    this.#update(node);
    return job;
  }

  #update(node: number): void {
    const limits = this.#limits[node];
    if (limits !== undefined && limits.limited > 0) {
      this.#updateLimited(node, limits);
      return;
    }
    const share = this.unlimited(node);
    const { floats, ints } = this.#shares.block;
    const jobs = ints[2 * share + SIZE] as number;
    if (jobs === 0) {
      floats[share + RATE] = 0;
      this.first.set(node, Infinity);
      return;
    }
    const cores = this.cores[node] as number;
    const rate = jobs <= cores ? 1 : cores / jobs;
    floats[share + RATE] = rate;
    const remaining = Math.max(0, this.#shares.remaining(share));
    this.first.set(node, (floats[share + TIME] as number) + remaining / rate);
  }

  #updateLimited(node: number, limits: Limits): void {
    divideCores(limits.shares, this.cores[node] as number);
    const time = this.#shares.block.floats[this.unlimited(node) + TIME] as number;
    let next = Infinity;
    for (const { at, size, rate } of limits.shares) {
      if (size === 0) continue;
      const end = time + Math.max(0, this.#shares.remaining(at)) / rate;
      if (end < next) {
        next = end;
        limits.next = at;
      }
    }
    this.first.set(node, next);
  }

  #noLimits(node: number): Limits {
    const at = this.unlimited(node);
    return { shares: [this.#share(at, Infinity)], free: [], limited: 0, next: at };
  }

  #share(at: number, limitCores: number): LimitedShare {
    const shares = this.#shares;
    return {
      at,
      limitCores,
      get size() {
        return shares.size(at);
      },
      get rate() {
        return shares.rate(at);
      },
      set rate(rate: number) {
        shares.setRate(at, rate);
      },
    };
  }
}

// SPDX-License-Identifier: Apache-2.0
import { doubled } from './frames.ts';
import { bucketOf, EdgeCounts, ISTIO_BUCKETS, wholeMilliseconds, type Edge } from './traffic.ts';

/**
 * Numbers kept of one edge: the sum, then the buckets; what is left makes it whole lines of the
 * processor's cache. Most calls end within 10 ms and so change one line only.
 */
const SUM = 0;
const BUCKETS = 1;
const USED = BUCKETS + ISTIO_BUCKETS.length + 1;
const BLOCK = 8 * Math.ceil(USED / 8);
/** Numbers kept of each slot: the edge that saw its last call, and the block of that edge. */
const LAST_EDGE = 0;
const LAST_BLOCK = 1;
const LAST = 2;

/** What one proxy saw in one direction, to be read. */
export interface SeenTraffic {
  /** Edges that saw at least one call, in a fixed order. */
  edges(): Iterable<Edge>;
}

/**
 * All calls that the proxies of all Pods saw in one direction: the same as a `Traffic` for each Pod,
 * but in one block of memory, so that a call among ten thousand Pods waits for memory twice: most
 * Pods are called by one service.
 */
export class TrafficTable {
  /** Edges that one Pod can have: a peer each, failed or not. */
  readonly #stride: number;
  /** Block of each edge of each slot; 0 = none yet. */
  #blocks: Int32Array;
  #last: Int32Array;
  #numbers = new Float64Array(64 * BLOCK);
  /** The next block that nobody has; block 0 stays empty. */
  #next = 1;
  readonly #free: number[] = [];

  /** `services`: how many there are; peers are their numbers, and `OUTSIDE`. */
  constructor(services: number, slots = 64) {
    this.#stride = (services + 1) * 2;
    this.#blocks = new Int32Array(slots * this.#stride);
    this.#last = new Int32Array(slots * LAST);
  }

  /** One call of a Pod's, with the service at the other end. Seconds. */
  record(slot: number, peer: number, failed: boolean, seconds: number): void {
    const edge = (peer + 1) * 2 + (failed ? 1 : 0);
    const last = slot * LAST;
    let block = this.#last[last + LAST_BLOCK] as number;
    if (block === 0 || this.#last[last + LAST_EDGE] !== edge) {
      const of = slot * this.#stride + edge;
      block = (this.#blocks[of] as number) || this.#open(of);
      this.#last[last + LAST_EDGE] = edge;
      this.#last[last + LAST_BLOCK] = block;
    }
    const at = block * BLOCK;
    const numbers = this.#numbers;
    const milliseconds = wholeMilliseconds(seconds);
    const bucket = at + BUCKETS + bucketOf(milliseconds);
    numbers[bucket] = (numbers[bucket] as number) + 1;
    numbers[at + SUM] = (numbers[at + SUM] as number) + milliseconds;
  }

  /** Makes room for slots up to this one. */
  reserve(slot: number): void {
    while ((slot + 1) * this.#stride > this.#blocks.length) this.#blocks = doubled(this.#blocks);
    while ((slot + 1) * LAST > this.#last.length) this.#last = doubled(this.#last);
  }

  /** Forgets what a Pod's proxy saw. */
  clear(slot: number): void {
    this.#last[slot * LAST + LAST_BLOCK] = 0;
    const from = slot * this.#stride;
    for (let edge = from; edge < from + this.#stride; edge++) {
      const block = this.#blocks[edge] as number;
      if (block === 0) continue;
      this.#numbers.fill(0, block * BLOCK, (block + 1) * BLOCK);
      this.#free.push(block);
      this.#blocks[edge] = 0;
    }
  }

  /** What a Pod's proxy saw, as it stands whenever it is read. */
  of(slot: number): SeenTraffic {
    return { edges: () => this.#edges(slot) };
  }

  *#edges(slot: number): Generator<Edge> {
    for (let index = 0; index < this.#stride; index++) {
      const block = this.#blocks[slot * this.#stride + index] as number;
      if (block === 0) continue;
      const at = block * BLOCK;
      const counts = new EdgeCounts();
      counts.sumMilliseconds = this.#numbers[at + SUM] as number;
      counts.buckets.set(this.#numbers.subarray(at + BUCKETS, at + USED));
      counts.count = counts.buckets.reduce((sum, calls) => sum + calls, 0);
      yield { peer: (index >> 1) - 1, failed: (index & 1) === 1, counts };
    }
  }

  #open(edge: number): number {
    const block = this.#free.pop() ?? this.#next++;
    if ((block + 1) * BLOCK > this.#numbers.length) this.#numbers = doubled(this.#numbers);
    this.#blocks[edge] = block;
    return block;
  }
}

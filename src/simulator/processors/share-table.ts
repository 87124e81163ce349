// SPDX-License-Identifier: Apache-2.0
import {
  blockOf,
  enlarged,
  ENTRY_FLOATS,
  payloadAt,
  popHeap,
  pushHeap,
} from '#simulator/events/heap.ts';
import { tag, type Block } from '#simulator/events/heap.ts';

/** Numbers of 64 bits of a row: those of the share, then room for some jobs. */
const ROW = 32;
const CLOCK = 0;
/** Cores each job gets now, 0..1. */
export const RATE = 1;
/** A number that is the caller's. */
export const SPARE = 2;
const JOBS = 6;
/** Numbers of 32 bits of a row: where the heap of jobs is, its room, and the number of jobs. */
const HEAP = 8;
const ROOM = 9;
export const SIZE = 10;

/**
 * Jobs that progress at the same rate: those of all unlimited Pods of a node, or those of one Pod
 * with a CPU limit. The clock of a share is the service, in core-seconds, that a job present since
 * the beginning would have attained; a job that needs `d` core-seconds ends when the clock has moved
 * by `d`. So an arrival or departure costs O(log n) although it changes every job's speed.
 *
 * All shares of all nodes stand in one block of memory, each with its first jobs beside it: with a
 * thousand nodes an event waits for memory, not for arithmetic.
 */
export class ShareTable {
  block: Block;
  #end = 0;
  #order = 0;

  constructor(shares: number) {
    this.block = blockOf(Math.max(1, shares) * ROW);
  }

  /** A new share without jobs; what it returns names it. */
  open(): number {
    const share = this.#take(ROW);
    this.reset(share);
    return share;
  }

  /** A share as new. It must not have jobs. */
  reset(share: number): void {
    const { floats, ints } = this.block;
    floats[share + CLOCK] = 0;
    floats[share + RATE] = 0;
    if (ints[2 * share + ROOM] !== 0) return;
    ints[2 * share + HEAP] = share + JOBS;
    ints[2 * share + ROOM] = (ROW - JOBS) / ENTRY_FLOATS;
  }

  /** Number of jobs present. */
  size(share: number): number {
    return this.block.ints[2 * share + SIZE] as number;
  }

  /** Attained service, core-seconds. */
  clock(share: number): number {
    return this.block.floats[share + CLOCK] as number;
  }

  /** Cores each job gets now, 0..1. */
  rate(share: number): number {
    return this.block.floats[share + RATE] as number;
  }

  setRate(share: number, rate: number): void {
    this.block.floats[share + RATE] = rate;
  }

  /** The jobs work on for so long at the share's rate. */
  pass(share: number, seconds: number): void {
    const { floats } = this.block;
    floats[share + CLOCK] =
      (floats[share + CLOCK] as number) + (floats[share + RATE] as number) * seconds;
  }

  /** Core-seconds until the first job ends. The share must have jobs. */
  remaining(share: number): number {
    const { floats, ints } = this.block;
    return (floats[ints[2 * share + HEAP] as number] as number) - (floats[share + CLOCK] as number);
  }

  /** Adds a job that needs `coreSeconds`. */
  push(share: number, job: number, coreSeconds: number): void {
    const size = this.size(share);
    if (size === this.block.ints[2 * share + ROOM]) this.#enlarge(share, size);
    const { floats, ints } = this.block;
    const heap = ints[2 * share + HEAP] as number;
    const at = heap + size * ENTRY_FLOATS;
    floats[at] = (floats[share + CLOCK] as number) + coreSeconds;
    tag(this.block, at, this.#order, job);
    this.#order = (this.#order + 1) | 0;
    pushHeap(this.block, heap, size);
    ints[2 * share + SIZE] = size + 1;
  }

  /** Removes the job that ends now, sets the clock to its end and returns it. */
  pop(share: number): number {
    const { floats, ints } = this.block;
    const heap = ints[2 * share + HEAP] as number;
    const end = floats[heap] as number;
    if (end > (floats[share + CLOCK] as number)) floats[share + CLOCK] = end;
    const job = payloadAt(this.block, heap);
    const size = ints[2 * share + SIZE] as number;
    popHeap(this.block, heap, size);
    ints[2 * share + SIZE] = size - 1;
    return job;
  }

  /** Gives a share twice the room for jobs, elsewhere; what it leaves is at most as much again. */
  #enlarge(share: number, size: number): void {
    const to = this.#take(2 * size * ENTRY_FLOATS);
    const { floats, ints } = this.block;
    const from = ints[2 * share + HEAP] as number;
    floats.copyWithin(to, from, from + size * ENTRY_FLOATS);
    ints[2 * share + HEAP] = to;
    ints[2 * share + ROOM] = 2 * size;
  }

  #take(floats: number): number {
    const at = this.#end;
    this.#end += floats;
    const { length } = this.block.floats;
    if (this.#end > length) this.block = enlarged(this.block, Math.max(this.#end, 2 * length));
    return at;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { blockOf, ENTRY_FLOATS, orderAt, payloadAt, tag, type Block } from './heap.ts';

/**
 * Events that come out in the order in which they were put in, because each comes the same time
 * after now: a ring, where a heap would sort what is sorted already.
 */
export class Lane {
  /** Time of the first event; Infinity while there is none. */
  nextTime = Infinity;
  #block: Block;
  /** How many entries there is room for, a power of two, less one. */
  #mask: number;
  #first = 0;
  #size = 0;

  constructor(capacity = 256) {
    const room = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#mask = room - 1;
    this.#block = blockOf(room * ENTRY_FLOATS);
  }

  /** Number of waiting events. */
  get size(): number {
    return this.#size;
  }

  /** Order of the first event. The lane must not be empty. */
  get nextOrder(): number {
    return orderAt(this.#block, this.#first * ENTRY_FLOATS);
  }

  /** Adds an event whose time is not before that of any event in the lane. */
  push(time: number, order: number, payload: number): void {
    if (this.#size > this.#mask) this.#grow();
    const at = ((this.#first + this.#size) & this.#mask) * ENTRY_FLOATS;
    this.#block.floats[at] = time;
    tag(this.#block, at, order, payload);
    if (this.#size++ === 0) this.nextTime = time;
  }

  /** Removes the first event and returns its payload. The lane must not be empty. */
  pop(): number {
    const payload = payloadAt(this.#block, this.#first * ENTRY_FLOATS);
    this.#first = (this.#first + 1) & this.#mask;
    const { floats } = this.#block;
    this.nextTime = --this.#size === 0 ? Infinity : (floats[this.#first * ENTRY_FLOATS] as number);
    return payload;
  }

  #grow(): void {
    const room = this.#mask + 1;
    const larger = blockOf(2 * room * ENTRY_FLOATS);
    const { floats } = this.#block;
    const from = this.#first * ENTRY_FLOATS;
    larger.floats.set(floats.subarray(from));
    larger.floats.set(floats.subarray(0, from), floats.length - from);
    this.#block = larger;
    this.#mask = 2 * room - 1;
    this.#first = 0;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { blockOf, enlarged, ENTRY_FLOATS, orderAt, payloadAt, popHeap, pushHeap } from './heap.ts';
import { tag, type Block } from './heap.ts';

/** A heap of events with a block of its own, which grows. */
export class EntryHeap {
  /** Number of events. */
  size = 0;
  #block: Block;

  constructor(capacity = 64) {
    this.#block = blockOf(capacity * ENTRY_FLOATS);
  }

  /** Time of the first event. There must be one, as for all that follows but {@link push}. */
  get nextTime(): number {
    return this.#block.floats[0] as number;
  }

  get nextOrder(): number {
    return orderAt(this.#block, 0);
  }

  get nextPayload(): number {
    return payloadAt(this.#block, 0);
  }

  /** Adds an event. */
  push(time: number, order: number, payload: number): void {
    const at = this.size * ENTRY_FLOATS;
    if (at === this.#block.floats.length) this.#block = enlarged(this.#block, 2 * at);
    const block = this.#block;
    block.floats[at] = time;
    tag(block, at, order, payload);
    pushHeap(block, 0, this.size++);
  }

  /** Removes the first event. */
  drop(): void {
    popHeap(this.#block, 0, this.size--);
  }
}

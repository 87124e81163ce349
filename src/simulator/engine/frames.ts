// SPDX-License-Identifier: Apache-2.0
import { blockOf, enlarged, type Block } from '#simulator/events/heap.ts';

/** A frame's place in `ints` is its number shifted by this, in `floats` by one less. */
export const FRAME_SHIFT = 4;
/** Numbers of 32 bits of a frame. */
export const OPERATION = 0;
/** Calling frame; below 0 = a client outside. */
export const PARENT = 1;
/** Pod slot that serves; -1 = no Pod was ready. */
export const SLOT = 2;
/** Bursts done so far. */
export const STEP = 3;
/** Calls of the current step still out. */
export const PENDING = 4;
/** {@link FAILED}, {@link CROSSES}. */
export const FLAGS = 5;
/** Numbers of 64 bits: when the caller sent it. */
export const SENT = 3;
/** When it reached the serving Pod. */
export const START = 4;
/** CPU that the next burst carries on top: proxies, cross-node work; reference core-seconds. */
export const OVERHEAD = 5;

/** It, or a call that it made, met no ready Pod. */
export const FAILED = 1;
/** The call crosses nodes. */
export const CROSSES = 2;

/**
 * Calls in progress, with a free list: a call costs no garbage. All numbers of a frame stand side by
 * side, in one line of the processor's cache. The block is replaced when the pool grows, so it is
 * always reached through the pool.
 */
export class Frames {
  block: Block = blockOf(256 << (FRAME_SHIFT - 1));
  /** Frames handed out and not yet given back. */
  inUse = 0;
  readonly #free: number[] = [];
  #used = 0;

  /** A frame with everything but the times set. */
  take(operation: number, parent: number, slot: number): number {
    const frame = this.#free.pop() ?? this.#used++;
    if (frame << FRAME_SHIFT >= this.block.ints.length) {
      this.block = enlarged(this.block, this.block.floats.length * 2);
    }
    this.inUse++;
    const { floats, ints } = this.block;
    const at = frame << FRAME_SHIFT;
    ints[at + OPERATION] = operation;
    ints[at + PARENT] = parent;
    ints[at + SLOT] = slot;
    ints[at + STEP] = 0;
    ints[at + PENDING] = 0;
    ints[at + FLAGS] = 0;
    floats[(at >> 1) + OVERHEAD] = 0;
    return frame;
  }

  give(frame: number): void {
    this.inUse--;
    this.#free.push(frame);
  }
}

/** A typed array of the same kind with twice the room and the same beginning. */
export function doubled<T extends Int32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}

// SPDX-License-Identifier: Apache-2.0

/**
 * Calls in progress, as columns of typed arrays with a free list: a call costs no garbage. Engine
 * code reads and writes the columns directly; they are replaced when the pool grows, so they are
 * always reached through the pool.
 */
export class Frames {
  operation = new Int32Array(256);
  /** Calling frame; below 0 = a client outside. */
  parent = new Int32Array(256);
  /** Pod slot that serves; -1 = no Pod was ready. */
  pod = new Int32Array(256);
  /** Bursts done so far. */
  step = new Int32Array(256);
  /** Calls of the current step still out. */
  pending = new Int32Array(256);
  failed = new Uint8Array(256);
  /** The call crosses nodes. */
  crosses = new Uint8Array(256);
  /** When the caller sent it. */
  sent = new Float64Array(256);
  /** When it reached the serving Pod. */
  start = new Float64Array(256);
  /** CPU that the next burst carries on top: proxies, cross-node work; reference core-seconds. */
  overhead = new Float64Array(256);
  /** Frames handed out and not yet given back. */
  inUse = 0;
  readonly #free: number[] = [];
  #used = 0;

  /** A frame with everything but the times set. */
  take(operation: number, parent: number, pod: number): number {
    const frame = this.#free.pop() ?? this.#used++;
    if (frame >= this.operation.length) this.#grow();
    this.inUse++;
    this.operation[frame] = operation;
    this.parent[frame] = parent;
    this.pod[frame] = pod;
    this.step[frame] = 0;
    this.pending[frame] = 0;
    this.failed[frame] = 0;
    this.overhead[frame] = 0;
    return frame;
  }

  give(frame: number): void {
    this.inUse--;
    this.#free.push(frame);
  }

  #grow(): void {
    this.operation = doubled(this.operation);
    this.parent = doubled(this.parent);
    this.pod = doubled(this.pod);
    this.step = doubled(this.step);
    this.pending = doubled(this.pending);
    this.failed = doubled(this.failed);
    this.crosses = doubled(this.crosses);
    this.sent = doubled(this.sent);
    this.start = doubled(this.start);
    this.overhead = doubled(this.overhead);
  }
}

/** A typed array of the same kind with twice the room and the same beginning. */
export function doubled<T extends Int32Array | Uint8Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}

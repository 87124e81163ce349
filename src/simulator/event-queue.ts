// SPDX-License-Identifier: Apache-2.0

/**
 * A binary heap of (time, payload) pairs in typed arrays. Events of the same time come out in the
 * order in which they were put in, so that a run does not depend on the shape of the heap.
 */
export class EventQueue {
  /** Time of the first event; Infinity while the queue is empty. */
  nextTime = Infinity;
  #times: Float64Array;
  #orders: Float64Array;
  #payloads: Int32Array;
  #size = 0;
  #order = 0;

  constructor(capacity = 256) {
    this.#times = new Float64Array(capacity);
    this.#orders = new Float64Array(capacity);
    this.#payloads = new Int32Array(capacity);
  }

  /** Number of waiting events. */
  get size(): number {
    return this.#size;
  }

  /** Adds an event. `payload` is a 32-bit integer whose meaning is the caller's. */
  push(time: number, payload: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const payloads = this.#payloads;
    const order = this.#order++;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      // A new event has the highest order: equal times never move up.
      const above = times[parent] as number;
      if (above <= time) break;
      times[hole] = above;
      orders[hole] = orders[parent] as number;
      payloads[hole] = payloads[parent] as number;
      hole = parent;
    }
    times[hole] = time;
    orders[hole] = order;
    payloads[hole] = payload;
    this.nextTime = times[0] as number;
  }

  /** Removes the first event and returns its payload. The queue must not be empty. */
  pop(): number {
    const times = this.#times;
    const orders = this.#orders;
    const payloads = this.#payloads;
    const first = payloads[0] as number;
    const size = --this.#size;
    if (size === 0) {
      this.nextTime = Infinity;
      return first;
    }
    const time = times[size] as number;
    const order = orders[size] as number;
    const payload = payloads[size] as number;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      let childTime = times[child] as number;
      if (child + 1 < size) {
        const right = times[child + 1] as number;
        if (
          right < childTime ||
          (right === childTime && (orders[child + 1] as number) < (orders[child] as number))
        ) {
          child++;
          childTime = right;
        }
      }
      if (time < childTime || (time === childTime && order < (orders[child] as number))) break;
      times[hole] = childTime;
      orders[hole] = orders[child] as number;
      payloads[hole] = payloads[child] as number;
      hole = child;
    }
    times[hole] = time;
    orders[hole] = order;
    payloads[hole] = payload;
    this.nextTime = times[0] as number;
    return first;
  }

  #grow(): void {
    const length = this.#times.length * 2;
    const times = new Float64Array(length);
    times.set(this.#times);
    this.#times = times;
    const orders = new Float64Array(length);
    orders.set(this.#orders);
    this.#orders = orders;
    const payloads = new Int32Array(length);
    payloads.set(this.#payloads);
    this.#payloads = payloads;
  }
}

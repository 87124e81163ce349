// SPDX-License-Identifier: Apache-2.0

/** Numbers of one entry, side by side in memory: when, in which order put in, and what. */
const TIME = 0;
const ORDER = 1;
const PAYLOAD = 2;
const ENTRY = 3;

/**
 * A binary heap of (time, payload) pairs in one typed array. Events of the same time come out in
 * the order in which they were put in, so that a run does not depend on the shape of the heap.
 */
export class EventQueue {
  /** The first entry's time is Infinity while the queue is empty. */
  #entries: Float64Array;
  #size = 0;
  #order = 0;

  constructor(capacity = 256) {
    this.#entries = new Float64Array(ENTRY * Math.max(1, capacity));
    this.#entries[TIME] = Infinity;
  }

  /** Time of the first event; Infinity while the queue is empty. */
  get nextTime(): number {
    return this.#entries[TIME] as number;
  }

  /** Number of waiting events. */
  get size(): number {
    return this.#size;
  }

  /** Adds an event. `payload` is a 32-bit integer whose meaning is the caller's. */
  push(time: number, payload: number): void {
    if (this.#size * ENTRY === this.#entries.length) this.#grow();
    const entries = this.#entries;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      // A new event has the highest order: equal times never move up.
      const above = parent * ENTRY;
      if ((entries[above + TIME] as number) <= time) break;
      copy(entries, above, hole * ENTRY);
      hole = parent;
    }
    const at = hole * ENTRY;
    entries[at + TIME] = time;
    entries[at + ORDER] = this.#order++;
    entries[at + PAYLOAD] = payload;
  }

  /** Removes the first event and returns its payload. The queue must not be empty. */
  pop(): number {
    const entries = this.#entries;
    const first = entries[PAYLOAD] as number;
    const size = --this.#size;
    if (size === 0) {
      entries[TIME] = Infinity;
      return first;
    }
    const last = size * ENTRY;
    const time = entries[last + TIME] as number;
    const order = entries[last + ORDER] as number;
    const payload = entries[last + PAYLOAD] as number;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      let at = child * ENTRY;
      if (child + 1 < size && isBefore(entries, at + ENTRY, at)) {
        child++;
        at += ENTRY;
      }
      const childTime = entries[at + TIME] as number;
      if (childTime > time) break;
      if (childTime === time && (entries[at + ORDER] as number) > order) break;
      copy(entries, at, hole * ENTRY);
      hole = child;
    }
    const at = hole * ENTRY;
    entries[at + TIME] = time;
    entries[at + ORDER] = order;
    entries[at + PAYLOAD] = payload;
    return first;
  }

  #grow(): void {
    const larger = new Float64Array(this.#entries.length * 2);
    larger.set(this.#entries);
    this.#entries = larger;
  }
}

function copy(entries: Float64Array, from: number, to: number): void {
  entries[to + TIME] = entries[from + TIME] as number;
  entries[to + ORDER] = entries[from + ORDER] as number;
  entries[to + PAYLOAD] = entries[from + PAYLOAD] as number;
}

function isBefore(entries: Float64Array, a: number, b: number): boolean {
  const left = entries[a + TIME] as number;
  const right = entries[b + TIME] as number;
  if (left !== right) return left < right;
  return (entries[a + ORDER] as number) < (entries[b + ORDER] as number);
}

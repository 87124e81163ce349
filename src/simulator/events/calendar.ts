// SPDX-License-Identifier: Apache-2.0
import { EntryHeap } from './entry-heap.ts';
import { blockOf, enlarged, ENTRY_FLOATS, orderAt, payloadAt, tag, type Block } from './heap.ts';

/** Days of the calendar, a power of two. */
const DAYS = 4096;
/** Events that a day should hold: few enough for a flat heap, enough to meet few empty days. */
const EVENTS_PER_DAY = 8;
/** The length of a day is looked at after so many events, and changed where it is off by so much. */
const REVIEW_EVENTS = 4096;
const TOLERANCE = 4;
const NONE = -1;

/**
 * Events by time, equal times by order: today's in a heap, those of the days to come each in a list
 * of its own, unsorted, those beyond the last day in another heap. A day is as long as it takes to
 * hold a handful of events, so that an event costs the same whether ten are waiting or ten thousand.
 * What comes out, and in which order, does not depend on how long the days are.
 */
export class Calendar {
  /** Time of the first event; Infinity while there is none. */
  nextTime = Infinity;
  /** Number of waiting events. */
  size = 0;
  readonly #today = new EntryHeap();
  readonly #beyond = new EntryHeap();
  #daysPerSecond = 1;
  /** Today's number: time times {@link #daysPerSecond}, cut off. */
  #day = 0;
  /** By day, modulo {@link DAYS}: the first event of its list. */
  readonly #firsts = new Int32Array(DAYS).fill(NONE);
  /** The events in lists, by place, and the place that is next in the same list. */
  #listed: Block = blockOf(64 * ENTRY_FLOATS);
  #nexts = new Int32Array(64);
  #listedSize = 0;
  /** The list of places that hold nothing, and the first place that never held anything. */
  #empty = NONE;
  #fresh = 0;
  #handled = 0;
  #reviewed = 0;

  /** Order of the first event. There must be one. */
  get nextOrder(): number {
    return this.#today.nextOrder;
  }

  /** Adds an event. */
  push(time: number, order: number, payload: number): void {
    if (this.size++ === 0) this.#day = this.#dayOf(time);
    this.#add(time, order, payload);
    if (time < this.nextTime) this.nextTime = time;
  }

  /** Removes the first event and returns its payload. There must be one. */
  pop(): number {
    const payload = this.#today.nextPayload;
    this.#today.drop();
    this.size--;
    if (++this.#handled === REVIEW_EVENTS) this.#review(this.nextTime);
    if (this.size === 0) {
      this.nextTime = Infinity;
      return payload;
    }
    while (this.#today.size === 0) this.#turn();
    this.nextTime = this.#today.nextTime;
    return payload;
  }

  #dayOf(time: number): number {
    return Math.floor(time * this.#daysPerSecond);
  }

  #add(time: number, order: number, payload: number): void {
    const day = this.#dayOf(time);
    if (day <= this.#day) this.#today.push(time, order, payload);
    else if (day >= this.#day + DAYS) this.#beyond.push(time, order, payload);
    else {
      const place = this.#place();
      const at = place * ENTRY_FLOATS;
      this.#listed.floats[at] = time;
      tag(this.#listed, at, order, payload);
      const list = day & (DAYS - 1);
      this.#nexts[place] = this.#firsts[list] as number;
      this.#firsts[list] = place;
      this.#listedSize++;
    }
  }

  /** Goes on to the next day, or to the first that has events where no list has any. */
  #turn(): void {
    const beyond = this.#beyond;
    this.#day = this.#listedSize > 0 ? this.#day + 1 : this.#dayOf(beyond.nextTime);
    this.#take(this.#day & (DAYS - 1));
    while (beyond.size > 0 && this.#dayOf(beyond.nextTime) < this.#day + DAYS) {
      const { nextTime, nextOrder, nextPayload } = beyond;
      beyond.drop();
      this.#add(nextTime, nextOrder, nextPayload);
    }
  }

  /** Takes the events of a list into today's heap. */
  #take(list: number): void {
    const listed = this.#listed;
    let place = this.#firsts[list] as number;
    this.#firsts[list] = NONE;
    while (place !== NONE) {
      const at = place * ENTRY_FLOATS;
      this.#today.push(listed.floats[at] as number, orderAt(listed, at), payloadAt(listed, at));
      this.#listedSize--;
      const next = this.#nexts[place] as number;
      this.#nexts[place] = this.#empty;
      this.#empty = place;
      place = next;
    }
  }

  #place(): number {
    const place = this.#empty;
    if (place !== NONE) {
      this.#empty = this.#nexts[place] as number;
      return place;
    }
    if (this.#fresh === this.#nexts.length) {
      this.#listed = enlarged(this.#listed, 2 * this.#listed.floats.length);
      const nexts = new Int32Array(2 * this.#nexts.length);
      nexts.set(this.#nexts);
      this.#nexts = nexts;
    }
    return this.#fresh++;
  }

  /** Makes days as long as the events since the last look were apart. */
  #review(now: number): void {
    const elapsed = now - this.#reviewed;
    this.#reviewed = now;
    this.#handled = 0;
    const daysPerSecond = REVIEW_EVENTS / EVENTS_PER_DAY / elapsed;
    const change = daysPerSecond / this.#daysPerSecond;
    if (elapsed <= 0 || (change < TOLERANCE && change > 1 / TOLERANCE)) return;
    for (let list = 0; list < DAYS && this.#listedSize > 0; list++) this.#take(list);
    const all: (readonly [time: number, order: number, payload: number])[] = [];
    for (const heap of [this.#today, this.#beyond]) {
      while (heap.size > 0) {
        all.push([heap.nextTime, heap.nextOrder, heap.nextPayload]);
        heap.drop();
      }
    }
    this.#daysPerSecond = daysPerSecond;
    this.#day = this.#dayOf(now);
    for (const [time, order, payload] of all) this.#add(time, order, payload);
  }
}

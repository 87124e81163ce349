// SPDX-License-Identifier: Apache-2.0
import { Calendar } from './calendar.ts';
import { isEarlier } from './heap.ts';
import { Lane } from './lane.ts';

/** The calendar as the source of the next event; sources from 0 on are lanes. */
const CALENDAR = -1;

/**
 * Events by time. Events of the same time come out in the order in which they were put in, so that
 * a run does not depend on how they are kept: those that come a fixed time after now in lanes, all
 * others in a calendar. A payload is a whole number of 32 bits whose meaning is the caller's.
 */
export class EventQueue {
  /** Time of the first event; Infinity while the queue is empty. */
  nextTime = Infinity;
  /** Where the first event is. */
  #source = CALENDAR;
  readonly #lanes: readonly Lane[];
  readonly #calendar = new Calendar();
  #order = 0;

  /** `lanes`: how many different fixed times there are. */
  constructor(lanes = 0) {
    this.#lanes = Array.from({ length: lanes }, () => new Lane());
  }

  /** Number of waiting events. */
  get size(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, this.#calendar.size);
  }

  /** Adds an event. */
  push(time: number, payload: number): void {
    this.#calendar.push(time, this.#order, payload);
    this.#added(time, CALENDAR);
  }

  /** Adds an event whose time is not before that of any event in the same lane. */
  pushTo(lane: number, time: number, payload: number): void {
    (this.#lanes[lane] as Lane).push(time, this.#order, payload);
    this.#added(time, lane);
  }

  /** Removes the first event and returns its payload. The queue must not be empty. */
  pop(): number {
    const source = this.#source;
    const payload =
      source === CALENDAR ? this.#calendar.pop() : (this.#lanes[source] as Lane).pop();
    this.#findFirst();
    return payload;
  }

  #added(time: number, source: number): void {
    this.#order = (this.#order + 1) | 0;
    // Of equal times the one that is there already came first.
    if (time >= this.nextTime) return;
    this.nextTime = time;
    this.#source = source;
  }

  #findFirst(): void {
    const lanes = this.#lanes;
    let time = this.#calendar.nextTime;
    let source = CALENDAR;
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[i] as Lane;
      if (lane.nextTime > time || lane.size === 0) continue;
      if (lane.nextTime === time && !this.#isBefore(lane, source)) continue;
      time = lane.nextTime;
      source = i;
    }
    this.nextTime = time;
    this.#source = source;
  }

  /** Whether a lane's first event was put in before that of another source. Neither is empty. */
  #isBefore(lane: Lane, source: number): boolean {
    return isEarlier(lane.nextOrder, this.#from(source).nextOrder);
  }

  #from(source: number): Calendar | Lane {
    return source === CALENDAR ? this.#calendar : (this.#lanes[source] as Lane);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { SettlementEntry } from '#audit/entry.ts';

/** How it went over time, from the settlements of an audit log. */
export interface Course {
  readonly namespace: string;
  /** `Deployment/frontend`. */
  readonly workload: string;
  /** Length of a slice. */
  readonly sliceSeconds: number;
  /** With at least one measured Pod, oldest first. */
  readonly slices: readonly CourseSlice[];
}

/** A slice of time. */
export interface CourseSlice {
  /** RFC 3339, of its beginning. */
  readonly time: string;
  /** Pods that were sent to a target. */
  readonly placed: CourseMeans;
  /** Pods that were left to the default scheduler, for whatever reason. */
  readonly left: CourseMeans;
}

/** Means over the Pods of a slice that have the figure; undefined = none has. */
export interface CourseMeans {
  readonly pods: number;
  readonly joulesPerRequest: number | undefined;
  readonly p99Milliseconds: number | undefined;
}

interface Sum {
  count: number;
  total: number;
}
interface Sums {
  pods: number;
  readonly joulesPerRequest: Sum;
  readonly p99Milliseconds: Sum;
}
interface Slice {
  readonly placed: Sums;
  readonly left: Sums;
}

/** Slices of one workload; beyond that, two become one. */
const MOST_SLICES = 96;
/** Workloads whose course is kept; the names of a log have no bound. */
const MOST_WORKLOADS = 500;
const FIRST_SLICE_SECONDS = 1;

/**
 * Gathers the course of every workload from settlements in the order of a log, in bounded memory:
 * the longer the log, the longer its slices.
 */
export class CourseGatherer {
  readonly #tracks = new Map<string, Track>();
  /** Workloads that found no room. */
  omitted = false;

  /** Counts one settlement; one that measured nothing is not counted. */
  add(entry: SettlementEntry): void {
    const time = Date.parse(entry.time);
    if (entry.status !== 'settled' || Number.isNaN(time)) return;
    const key = `${entry.namespace}\0${entry.workload}`;
    let track = this.#tracks.get(key);
    if (track === undefined) {
      if (this.#tracks.size >= MOST_WORKLOADS) {
        this.omitted = true;
        return;
      }
      track = new Track(entry.namespace, entry.workload, time);
      this.#tracks.set(key, track);
    }
    track.add(time, entry);
  }

  /** By namespace and workload. */
  courses(): readonly Course[] {
    const tracks = [...this.#tracks].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return tracks.map(([, track]) => track.course());
  }
}

class Track {
  readonly #namespace: string;
  readonly #workload: string;
  readonly #origin: number;
  #sliceSeconds = FIRST_SLICE_SECONDS;
  #slices = new Map<number, Slice>();

  constructor(namespace: string, workload: string, origin: number) {
    this.#namespace = namespace;
    this.#workload = workload;
    this.#origin = origin;
  }

  add(time: number, entry: SettlementEntry): void {
    // Clocks of several writers differ a little: what is before the first is in the first slice.
    const seconds = Math.max(0, (time - this.#origin) / 1000);
    while (seconds / this.#sliceSeconds >= MOST_SLICES) this.#widen();
    const index = Math.floor(seconds / this.#sliceSeconds);
    let slice = this.#slices.get(index);
    if (slice === undefined) {
      slice = { placed: noSums(), left: noSums() };
      this.#slices.set(index, slice);
    }
    const sums = entry.asked === DEFAULT_ACTION ? slice.left : slice.placed;
    const requests = known(entry, 'requests');
    const joules = known(entry, 'podJoules');
    sums.pods += 1;
    note(sums.joulesPerRequest, requests > 0 ? joules / requests : Number.NaN);
    note(sums.p99Milliseconds, known(entry, 'p99Milliseconds'));
  }

  course(): Course {
    const slices = [...this.#slices].toSorted(([a], [b]) => a - b);
    return {
      namespace: this.#namespace,
      workload: this.#workload,
      sliceSeconds: this.#sliceSeconds,
      slices: slices.map(([index, { placed, left }]) => {
        const time = new Date(this.#origin + index * this.#sliceSeconds * 1000).toISOString();
        return { time, placed: meansOf(placed), left: meansOf(left) };
      }),
    };
  }

  #widen(): void {
    this.#sliceSeconds *= 2;
    const wider = new Map<number, Slice>();
    for (const [index, slice] of this.#slices) {
      const at = Math.floor(index / 2);
      const there = wider.get(at);
      if (there === undefined) wider.set(at, slice);
      else {
        merge(there.placed, slice.placed);
        merge(there.left, slice.left);
      }
    }
    this.#slices = wider;
  }
}

/** NaN where it is missing. */
function known({ readings }: SettlementEntry, name: string): number {
  const reading = readings[name];
  return reading?.kind === 'measured' ? reading.value : Number.NaN;
}

function noSums(): Sums {
  return {
    pods: 0,
    joulesPerRequest: { count: 0, total: 0 },
    p99Milliseconds: { count: 0, total: 0 },
  };
}

function note(sum: Sum, value: number): void {
  if (!Number.isFinite(value)) return;
  sum.count += 1;
  sum.total += value;
}

function merge(into: Sums, from: Sums): void {
  into.pods += from.pods;
  for (const name of ['joulesPerRequest', 'p99Milliseconds'] as const) {
    into[name].count += from[name].count;
    into[name].total += from[name].total;
  }
}

function meansOf({ pods, joulesPerRequest, p99Milliseconds }: Sums): CourseMeans {
  return {
    pods,
    joulesPerRequest: meanOf(joulesPerRequest),
    p99Milliseconds: meanOf(p99Milliseconds),
  };
}

function meanOf({ count, total }: Sum): number | undefined {
  return count === 0 ? undefined : total / count;
}

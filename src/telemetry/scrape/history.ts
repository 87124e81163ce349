// SPDX-License-Identifier: Apache-2.0
import { groupKey, type Sample, type Selection, type Vector } from '#telemetry/series/selection.ts';
import type { Window } from '#telemetry/reading/source.ts';

/** The answers to one exporter's questions at one instant. */
export type Answered = ReadonlyMap<Selection, Vector>;

/**
 * The identities of all samples of one scrape. Scrapes of one exporter mostly repeat them, so
 * they are stored once and shared; a scrape then costs 8 bytes per sample.
 */
interface Layout {
  readonly key: string;
  readonly labels: readonly Sample['labels'][];
  /** Name of the selection -> its first sample and the one after its last. */
  readonly ranges: ReadonlyMap<string, readonly [number, number]>;
}

interface Scrape {
  readonly time: number;
  readonly layout: Layout;
  readonly values: Float64Array;
}

/** No sample is newest for longer than this, as in Prometheus. */
export const LOOKBACK_MILLISECONDS = 300_000;

/** Limits of a {@link History}. */
export interface HistoryOptions {
  /** Older scrapes are forgotten. */
  readonly retentionSeconds: number;
  /** Scrapes kept at most, whatever their age. */
  readonly maximumScrapes: number;
}

/**
 * The last scrapes of one exporter: a bounded ring, holding only the answers to the questions
 * that will be asked.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #scrapes: Scrape[] = [];
  #endedAt = Infinity;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Scrapes held. */
  get size(): number {
    return this.#scrapes.length;
  }

  /** Adds a scrape, unless it is not newer than the last one, and forgets what is too old. */
  add(time: number, answers: Answered): void {
    const last = this.#scrapes.at(-1);
    if (last !== undefined && time <= last.time) return;
    this.#endedAt = Infinity;
    const vectors = [...answers.values()];
    const values = Float64Array.from(vectors.flatMap((vector) => vector.map((one) => one.value)));
    this.#scrapes.push({ time, layout: layoutOf(answers, last?.layout), values });
    this.forget(time);
  }

  /**
   * The exporter is no longer a target: from `time` on it has no newest sample. Without this the
   * last counters of an exporter that was replaced would hide that its successor began at 0.
   */
  end(time: number): void {
    this.#endedAt = Math.min(this.#endedAt, time);
    this.forget(time);
  }

  /** Forgets what is too old at `time`. */
  forget(time: number): void {
    const oldest = time - this.#options.retentionSeconds * 1000;
    const first = this.#scrapes.findIndex((scrape) => scrape.time >= oldest);
    const tooOld = first < 0 ? this.#scrapes.length : first;
    const tooMany = this.#scrapes.length - this.#options.maximumScrapes;
    this.#scrapes.splice(0, Math.max(tooOld, tooMany, 0));
  }

  /** The samples of the newest scrape at or before `time`, and when it was. */
  at(selection: Selection, time: number): { readonly time: number; readonly samples: Vector } {
    const scrape = this.#scrapes.findLast((one) => one.time <= time);
    const gone = time >= this.#endedAt || scrape === undefined;
    if (gone || scrape.time < time - LOOKBACK_MILLISECONDS) return { time, samples: [] };
    return { time: scrape.time, samples: [...samplesOf(scrape, selection)] };
  }

  /** The samples later than `from`, up to `to`, of every series. */
  over(selection: Selection, window: Window): Vector {
    const samples: Sample[] = [];
    for (const scrape of this.#scrapes) {
      if (scrape.time <= window.from || scrape.time > window.to) continue;
      for (const sample of samplesOf(scrape, selection)) samples.push(sample);
    }
    return samples;
  }
}

function* samplesOf(scrape: Scrape, selection: Selection): Generator<Sample> {
  const [start, end] = scrape.layout.ranges.get(selection.name) ?? [0, 0];
  for (let index = start; index < end; index += 1) {
    const labels = scrape.layout.labels[index];
    const value = scrape.values[index];
    if (labels !== undefined && value !== undefined) yield { labels, value };
  }
}

function layoutOf(answers: Answered, previous: Layout | undefined): Layout {
  const keys: string[] = [];
  const labels: Sample['labels'][] = [];
  const ranges = new Map<string, readonly [number, number]>();
  for (const [selection, vector] of answers) {
    ranges.set(selection.name, [labels.length, labels.length + vector.length]);
    keys.push(selection.name);
    for (const sample of vector) {
      keys.push(groupKey(sample.labels, selection.by));
      labels.push(sample.labels);
    }
  }
  const key = keys.join('\u0001');
  if (previous?.key === key) return previous;
  return { key: copy(key), labels: labels.map(copyLabels), ranges };
}

function copyLabels(labels: Sample['labels']): Sample['labels'] {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, copy(value)]));
}

/** A part of a string may keep the whole alive, here a whole reply for the sake of a label. */
function copy(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

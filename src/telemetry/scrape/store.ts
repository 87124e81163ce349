// SPDX-License-Identifier: Apache-2.0
import { type Answered, History, type HistoryOptions, LOOKBACK_MILLISECONDS } from './history.ts';
import type { ScrapeTarget } from './target.ts';
import { group, type Sample, type Selection, type Vector } from '#telemetry/series/selection.ts';
import type { Window } from '#telemetry/reading/source.ts';
import type { VectorSource } from '#telemetry/series/vector-source.ts';

/** The histories of all exporters together, as a source of vectors. */
export class ScrapeStore implements VectorSource {
  readonly #options: HistoryOptions;
  readonly #histories = new Map<string, History>();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Exporters with any sample. */
  get size(): number {
    return this.#histories.size;
  }

  /** Adds what one exporter answered at `time`. */
  add(target: ScrapeTarget, time: number, answers: Answered): void {
    const key = keyOf(target);
    let history = this.#histories.get(key);
    if (history === undefined) this.#histories.set(key, (history = new History(this.#options)));
    history.add(time, answers);
  }

  /** Ends the histories of all but `targets`, and drops those that have aged out. */
  retain(targets: Iterable<ScrapeTarget>, time: number): void {
    const kept = new Set([...targets].map(keyOf));
    for (const [key, history] of this.#histories) {
      if (kept.has(key)) history.forget(time);
      else history.end(time);
      if (history.size === 0) this.#histories.delete(key);
    }
  }

  value(selection: Selection, time: number): Promise<Vector> {
    const samples = this.#collect((history) => history.at(selection, time).samples);
    return Promise.resolve(group(selection, samples));
  }

  sampledAt(selection: Selection, time: number): Promise<Vector> {
    const { unless } = selection;
    const minutes = { from: time - LOOKBACK_MILLISECONDS, to: time };
    const samples = this.#collect((history) => {
      if (unless !== undefined && history.over(unless, minutes).length > 0) return [];
      const newest = history.at(selection, time);
      return newest.samples.map(({ labels }) => ({ labels, value: newest.time }));
    });
    return Promise.resolve(group({ by: selection.by, combine: 'max' }, samples));
  }

  sum(selection: Selection, window: Window): Promise<Vector> {
    const samples = this.#collect((history) => history.over(selection, window));
    return Promise.resolve(group({ by: selection.by, combine: 'sum' }, samples));
  }

  least(selection: Selection, window: Window): Promise<Vector> {
    const samples = this.#collect((history) => history.over(selection, window));
    return Promise.resolve(group({ by: selection.by, combine: 'min' }, samples));
  }

  present(selections: readonly Selection[], time: number): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const selection of selections) {
      const [first] = this.#collect((history) => history.at(selection, time).samples);
      if (first !== undefined) found.add(selection.name);
    }
    return Promise.resolve(found);
  }

  count(selection: Selection, window: Window): Promise<Vector> {
    const samples = this.#collect((history) =>
      history.over(selection, window).map(({ labels }) => ({ labels, value: 1 })),
    );
    return Promise.resolve(group({ by: selection.by, combine: 'sum' }, samples));
  }

  *#collect(samplesOf: (history: History) => Vector): Generator<Sample> {
    for (const history of this.#histories.values()) yield* samplesOf(history);
  }
}

/** An address may pass from one Pod to another; then it is another exporter. */
function keyOf({ url, labels }: ScrapeTarget): string {
  return [url, labels.namespace, labels.pod, labels.node].join('\u0000');
}

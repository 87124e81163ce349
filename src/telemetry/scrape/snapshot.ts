// SPDX-License-Identifier: Apache-2.0
import { combine, type Selection, type Vector } from '#telemetry/series/selection.ts';
import { type Labels, type Series, seriesKey } from '#telemetry/series/series.ts';

/**
 * The series of one exporter at one instant, indexed by metric name. A series that stands twice
 * in a reply counts once, with its last value, so that nothing is added up twice.
 */
export class Snapshot {
  /** When it was taken, milliseconds since the epoch. */
  readonly time: number;
  readonly #byName = new Map<string, Map<string, Series>>();

  constructor(time: number, series: Iterable<Series>) {
    this.time = time;
    for (const one of series) {
      let named = this.#byName.get(one.name);
      if (named === undefined) this.#byName.set(one.name, (named = new Map<string, Series>()));
      named.set(seriesKey(one.name, one.labels), one);
    }
  }

  /** All series of a metric. */
  series(name: string): Iterable<Series> {
    return this.#byName.get(name)?.values() ?? [];
  }

  /** The value of exactly one series; undefined = not there (NaN is a value). */
  value(name: string, labels: Labels): number | undefined {
    return this.#byName.get(name)?.get(seriesKey(name, labels))?.value;
  }

  /** The selected series, combined by the labels of the selection. */
  select(selection: Selection): Vector {
    return combine(selection, this.series(selection.metric));
  }
}

// SPDX-License-Identifier: Apache-2.0

/**
 * The newest values of many series that are measured together: one row per window. Bounded in
 * both directions, so that neither time nor a growing cluster takes more memory than that.
 */
export class WindowHistory<T> {
  readonly #rows: { readonly time: number; readonly values: ReadonlyMap<string, T> }[] = [];
  readonly #length: number;
  readonly #series: number;

  /** @param length windows kept @param series values kept of each */
  constructor(length: number, series: number) {
    this.#length = length;
    this.#series = series;
  }

  /** Adds one window; series beyond the bound are left out. */
  add(time: number, values: Iterable<readonly [name: string, value: T]>): void {
    const kept = new Map<string, T>();
    for (const [name, value] of values) {
      if (kept.size >= this.#series) break;
      kept.set(name, value);
    }
    this.#rows.push({ time, values: kept });
    if (this.#rows.length > this.#length) this.#rows.shift();
  }

  /** One series, oldest first; undefined where a window had no such value. */
  of(name: string): { readonly time: number; readonly value: T | undefined }[] {
    return this.#rows.map(({ time, values }) => ({ time, value: values.get(name) }));
  }
}

/**
 * A series that reaches back to its beginning in bounded memory: when it is full, every second
 * point is dropped, so that what is long ago is kept more coarsely. The first and the newest point
 * always stay.
 */
export class ThinningHistory<T> {
  #points: T[] = [];
  readonly #capacity: number;

  /** @param capacity 4 or more */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(point: T): void {
    this.#points.push(point);
    if (this.#points.length <= this.#capacity) return;
    const last = this.#points.length - 1;
    this.#points = this.#points.filter((_, index) => index % 2 === 0 || index === last);
  }

  /** Oldest first. */
  get points(): readonly T[] {
    return this.#points;
  }

  /** The newest point. */
  get last(): T | undefined {
    return this.#points.at(-1);
  }
}

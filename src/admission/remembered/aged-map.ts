// SPDX-License-Identifier: Apache-2.0

/** An entry between the one before and the one behind it. */
interface Link<Value> {
  readonly key: string;
  value: Value;
  older: Link<Value> | undefined;
  newer: Link<Value> | undefined;
}

/**
 * A map in order of insertion that knows its oldest entry at once. The first key of a plain `Map`
 * that has lost thousands from its front is found by walking over all the places that they left: up to
 * 300 kB of memory for every entry that goes out at the front as another comes in.
 */
export class AgedMap<Value> {
  readonly #links = new Map<string, Link<Value>>();
  #oldest: Link<Value> | undefined;
  #newest: Link<Value> | undefined;

  /** How many entries there are. */
  get size(): number {
    return this.#links.size;
  }

  /** The value of a key; undefined = there is none. */
  get(key: string): Value | undefined {
    return this.#links.get(key)?.value;
  }

  /** Whether there is an entry of that key. */
  has(key: string): boolean {
    return this.#links.has(key);
  }

  /** Adds an entry as the newest one. One of the same key goes before. */
  put(key: string, value: Value): void {
    const known = this.#links.get(key);
    if (known !== undefined) {
      this.#unchain(known);
      known.value = value;
      this.#append(known);
      return;
    }
    const link: Link<Value> = { key, value, older: undefined, newer: undefined };
    this.#links.set(key, link);
    this.#append(link);
  }

  /** Takes an entry out. @returns its value; undefined = there was none */
  take(key: string): Value | undefined {
    const link = this.#links.get(key);
    if (link === undefined) return undefined;
    this.#links.delete(key);
    this.#unchain(link);
    return link.value;
  }

  /** The entry that was put in first; undefined = there is none. */
  get oldest(): { readonly key: string; readonly value: Value } | undefined {
    return this.#oldest;
  }

  /** Every value, oldest first. Entries must not come or go meanwhile. */
  *values(): Generator<Value, void, undefined> {
    for (let link = this.#oldest; link !== undefined; link = link.newer) yield link.value;
  }

  #append(link: Link<Value>): void {
    link.older = this.#newest;
    link.newer = undefined;
    if (this.#newest === undefined) this.#oldest = link;
    else this.#newest.newer = link;
    this.#newest = link;
  }

  #unchain(link: Link<Value>): void {
    const { older, newer } = link;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    // One that was dropped and is old must not keep younger ones alive until the next full collection.
    link.older = undefined;
    link.newer = undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';

/** One object as a store keeps it. */
export interface Entry<T> {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly value: T;
}

/** What happened to one object: added (no `before`), changed, or deleted (no `after`). */
export type Change<T> =
  | { readonly before: undefined; readonly after: T }
  | { readonly before: T; readonly after: T }
  | { readonly before: T; readonly after: undefined };

/** Told of every change, after the store holds it. */
export type ChangeListener<T> = (change: Change<T>) => void;

/**
 * The objects of one resource by key (`namespace/name`, or `name`), and who is told of changes. A
 * listener that throws is reported and stops nobody else: one broken reader must not end a watch.
 */
export class Store<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #listeners = new Set<ChangeListener<T>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Number of objects. */
  get size(): number {
    return this.#entries.size;
  }

  /** The object with that key. */
  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The object with that key and its version. */
  entry(key: string): Entry<T> | undefined {
    return this.#entries.get(key);
  }

  /** Every object. */
  *values(): IterableIterator<T> {
    for (const entry of this.#entries.values()) yield entry.value;
  }

  /** Tells `listener` of every change from now on; the answer ends it. */
  subscribe(listener: ChangeListener<T>): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Takes in an object as it is now. Nobody is told where nothing in use has changed (heartbeats
   * of nodes, fields that were projected away).
   */
  upsert(key: string, entry: Entry<T>): void {
    const known = this.#entries.get(key);
    this.#entries.set(key, entry);
    if (known === undefined) {
      this.#tell({ before: undefined, after: entry.value });
    } else if (known.uid !== entry.uid) {
      // Deleted and created again while nobody watched: two objects, not one that changed.
      this.#tell({ before: known.value, after: undefined });
      this.#tell({ before: undefined, after: entry.value });
    } else if (
      known.resourceVersion !== entry.resourceVersion &&
      !isDeepStrictEqual(known.value, entry.value)
    ) {
      this.#tell({ before: known.value, after: entry.value });
    }
  }

  /** Forgets an object. */
  remove(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#entries.delete(key);
    this.#tell({ before: known.value, after: undefined });
  }

  /** Takes in a complete list: what is not in it was deleted while nobody watched. */
  replace(entries: ReadonlyMap<string, Entry<T>>): void {
    for (const key of [...this.#entries.keys()]) if (!entries.has(key)) this.remove(key);
    for (const [key, entry] of entries) this.upsert(key, entry);
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

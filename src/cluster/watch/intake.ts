// SPDX-License-Identifier: Apache-2.0
import { errorOfAnswer } from '#cluster/api/kubernetes-error.ts';
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import type { ReflectorObserver } from './happenings.ts';
import { entryOf, keyOf } from './raw-entry.ts';
import { Store, type Entry } from './store.ts';

/** Where objects come from, and what is kept of them. */
export interface IntakeSource<T> {
  /** Path of the collection, for messages. */
  readonly path: string;
  /** The slim form, made the moment an object arrives; undefined leaves it out. */
  readonly project: (raw: JsonObject) => T | undefined;
}

/**
 * Takes objects into a {@link Store}, each projected. One that cannot be read is counted, and what was
 * known of it stays.
 */
export class Intake<T> {
  readonly store: Store<T>;
  readonly #source: IntakeSource<T>;
  readonly #observe: ReflectorObserver;

  constructor(source: IntakeSource<T>, observe: ReflectorObserver) {
    this.store = new Store<T>((error) => observe('listener-failed', error));
    this.#source = source;
    this.#observe = observe;
  }

  /** Puts one object of a list into `found`, or what was known of it where it is unreadable. */
  collect(found: Map<string, Entry<T>>, raw: JsonObject): void {
    const key = keyOf(raw);
    const projected = this.#projected(raw);
    if (projected !== 'unreadable') {
      if (projected !== undefined) found.set(key, entryOf(raw, projected));
      return;
    }
    const known = this.store.entry(key);
    if (known !== undefined) found.set(key, known);
  }

  /**
   * Takes in one event of a watch; the answer is its resourceVersion, empty where it has none.
   * @throws KubernetesError for an ERROR event: the server has given up this watch
   */
  apply(type: string, object: JsonObject): string {
    if (type === 'ERROR') {
      const code = typeof object['code'] === 'number' ? object['code'] : 500;
      throw errorOfAnswer(`WATCH ${this.#source.path}`, code, JSON.stringify(object), undefined);
    }
    if (type === 'BOOKMARK') {
      this.#observe('bookmark');
    } else {
      this.#observe('event');
      this.#applyObject(type, object);
    }
    return asText(asObject(object['metadata'])['resourceVersion']);
  }

  #applyObject(type: string, raw: JsonObject): void {
    const key = keyOf(raw);
    if (type === 'DELETED') {
      this.store.remove(key);
      return;
    }
    const projected = this.#projected(raw);
    if (projected === 'unreadable') return;
    if (projected === undefined) this.store.remove(key);
    else this.store.upsert(key, entryOf(raw, projected));
  }

  #projected(raw: JsonObject): T | undefined | 'unreadable' {
    try {
      return this.#source.project(raw);
    } catch (error) {
      this.#observe('unreadable', error);
      return 'unreadable';
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import type { Resource } from './resources.ts';

/** A change of one object. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: Resource;
  readonly revision: number;
  readonly object: KubeObject;
  /** The object before; undefined for ADDED. */
  readonly previous: KubeObject | undefined;
}

type Listener = (event: StoreEvent) => void;

/**
 * The storage behind the API: objects by resource, one revision counter for all, and a history
 * for watches that reaches back `historyLimit` changes. Objects in it are never changed; a write
 * puts a new one. Listeners see every change in order, also those that listeners make.
 */
export class Store {
  readonly #objects = new Map<Resource, Map<string, KubeObject>>();
  readonly #revisions = new Map<Resource, number>();
  readonly #historyLimit: number;
  #history: StoreEvent[] = [];
  /** Changes up to this revision are forgotten. */
  #compacted = 0;
  #revision = 0;
  readonly #listeners = new Set<Listener>();
  readonly #undelivered: StoreEvent[] = [];
  #delivering = false;

  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  /** Revision of the latest change of any object. */
  get revision(): number {
    return this.#revision;
  }

  /** Revision of the latest change of a resource; 0 = never changed. */
  revisionOf(resource: Resource): number {
    return this.#revisions.get(resource) ?? 0;
  }

  get(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(resource)?.get(`${namespace}/${name}`);
  }

  /** Objects of a resource in the order of namespace and name; of one namespace if given. */
  list(resource: Resource, namespace?: string): KubeObject[] {
    const objects = this.#objects.get(resource);
    if (objects === undefined) return [];
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    return [...objects.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Stores an object under its namespace and name; returns it with its resourceVersion. */
  put(resource: Resource, object: KubeObject): KubeObject {
    let objects = this.#objects.get(resource);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(resource, objects);
    }
    const key = keyOf(object);
    const previous = objects.get(key);
    const stored = this.#stamp(object);
    objects.set(key, stored);
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.#record({ type, resource, revision: this.#revision, object: stored, previous });
    return stored;
  }

  /** Removes an object; returns its last form, or undefined where there was none. */
  remove(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    const objects = this.#objects.get(resource);
    const previous = objects?.get(`${namespace}/${name}`);
    if (objects === undefined || previous === undefined) return undefined;
    objects.delete(`${namespace}/${name}`);
    const object = this.#stamp(previous);
    this.#record({ type: 'DELETED', resource, revision: this.#revision, object, previous });
    return object;
  }

  /** Changes of a resource after a revision, oldest first; undefined = too old to know. */
  since(resource: Resource, revision: number): StoreEvent[] | undefined {
    if (revision < this.#compacted) return undefined;
    return this.#history.filter(
      (event) => event.revision > revision && event.resource === resource,
    );
  }

  /** Forgets the history, as etcd's compaction does. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  /** Calls `listener` for every later change; returns the way to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #stamp(object: KubeObject): KubeObject {
    this.#revision++;
    return {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#revision) },
    };
  }

  #record(event: StoreEvent): void {
    this.#revisions.set(event.resource, event.revision);
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit * 2) {
      const dropped = this.#history.splice(0, this.#history.length - this.#historyLimit);
      this.#compacted = dropped[dropped.length - 1]?.revision ?? this.#compacted;
    }
    this.#undelivered.push(event);
    if (!this.#delivering) this.#deliver();
  }

  #deliver(): void {
    this.#delivering = true;
    try {
      for (let next = this.#undelivered.shift(); next; next = this.#undelivered.shift()) {
        for (const listener of this.#listeners) listener(next);
      }
    } finally {
      this.#delivering = false;
    }
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

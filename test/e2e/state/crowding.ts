// SPDX-License-Identifier: Apache-2.0
import type { Api, WatchEvent } from '../api.ts';
import { ANNOTATIONS, preferredTargets } from '../ledger.ts';
import type { Pod } from '../objects.ts';

/** What the API server has seen of one target. */
interface Crowd {
  /** Pods bound there, whoever sent them. */
  bound: number;
  /** Pods decided for it and bound nowhere yet. */
  coming: number;
  /** The most that both were together. */
  most: number;
}

/** Where one Pod stands. */
interface Place {
  readonly asked: string | undefined;
  landed: string | undefined;
}

/**
 * How crowded each target becomes, in the API server's own order of events: Pods bound there and
 * Pods on their way there, together. A Pod that the scheduler puts elsewhere gives its place back at
 * that moment, so that a target may well be asked for more often than it has room.
 */
export class Crowding {
  readonly #crowds = new Map<string, Crowd>();
  readonly #places = new Map<string, Place>();
  readonly #stop = new AbortController();

  /** Follows the Pods of a namespace from now on; node names are the targets. */
  follow(api: Api, namespace: string): void {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    void api.follow<Pod>(path, this.#stop.signal, (event) => this.told(event));
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Takes in one event of a watch. */
  told({ type, object: pod }: WatchEvent<Pod>): void {
    const id = pod.metadata.uid ?? pod.metadata.name;
    let place = this.#places.get(id);
    if (place === undefined) {
      const decided = pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined;
      place = { asked: decided ? preferredTargets(pod)[0] : undefined, landed: undefined };
      this.#places.set(id, place);
      if (place.asked !== undefined) this.#change(place.asked, { coming: 1, bound: 0 });
    }
    const node = pod.spec.nodeName;
    if (place.landed === undefined && node !== undefined) {
      place.landed = node;
      if (place.asked !== undefined) this.#change(place.asked, { coming: -1, bound: 0 });
      this.#change(node, { coming: 0, bound: 1 });
    }
    if (type !== 'DELETED') return;
    this.#places.delete(id);
    if (place.landed !== undefined) this.#change(place.landed, { coming: 0, bound: -1 });
    else if (place.asked !== undefined) this.#change(place.asked, { coming: -1, bound: 0 });
  }

  /** The most Pods that were at a target or on their way there at one time, by target. */
  get most(): ReadonlyMap<string, number> {
    return new Map([...this.#crowds].map(([target, { most }]) => [target, most]));
  }

  #change(target: string, by: { readonly coming: number; readonly bound: number }): void {
    const crowd = this.#crowds.get(target) ?? { bound: 0, coming: 0, most: 0 };
    crowd.bound += by.bound;
    crowd.coming += by.coming;
    crowd.most = Math.max(crowd.most, crowd.bound + crowd.coming);
    this.#crowds.set(target, crowd);
  }
}

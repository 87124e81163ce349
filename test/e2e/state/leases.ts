// SPDX-License-Identifier: Apache-2.0
import type { Api } from '../api.ts';
import type { KubeObject } from '../objects.ts';

/** One term of leadership as the Lease told it. */
export interface Term {
  /** `leaseTransitions`. */
  readonly epoch: number;
  /** `holderIdentity` up to its random part: the name of the process. */
  readonly leader: string;
  /** When this run saw it begin, milliseconds of `performance.now()`. */
  readonly seenAt: number;
}

interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

const NAME = 'perihelion-learner';

/** Follows the learner's Lease: who leads, and who has led. */
export class Leases {
  readonly terms: Term[] = [];
  /** Name of the process that holds the Lease; empty = nobody. */
  leader = '';
  readonly #api: Api;
  readonly #namespace: string;
  readonly #stop = new AbortController();

  constructor(api: Api, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  start(): void {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${this.#namespace}/leases`;
    void this.#api.follow<Lease>(path, this.#stop.signal, ({ object }) => {
      if (object.metadata.name === NAME) this.#told(object);
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Of the last term; -1 = there was none. */
  get epoch(): number {
    return this.terms.at(-1)?.epoch ?? -1;
  }

  #told({ spec }: Lease): void {
    const holder = spec?.holderIdentity ?? '';
    const epoch = spec?.leaseTransitions ?? 0;
    this.leader = holder.replace(/_[0-9a-f]+$/, '');
    const last = this.terms.at(-1);
    if (holder === '' || (last?.epoch === epoch && last.leader === this.leader)) return;
    this.terms.push({ epoch, leader: this.leader, seenAt: performance.now() });
  }
}

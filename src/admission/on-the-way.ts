// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '#cluster/objects/slim.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { Siblings } from './siblings.ts';

/** What is on its way to one target. */
export interface PendingLoad extends Resources {
  readonly pods: number;
}

/** What {@link Ways} counts of a decision. */
export interface Traveller {
  readonly namespace: string;
  readonly workload: WorkloadKey;
  readonly target: string;
  readonly requests: Resources;
}

/** The sums of what is on its way to one target; changed in place with every decision. */
export class OnTheWay implements PendingLoad {
  pods = 0;
  cpuMillicores = 0;
  memoryBytes = 0;
  /** This replica's own part of it that the watch has not shown yet. */
  #unseenPods = 0;
  #unseenMillicores = 0;
  #unseenBytes = 0;

  /** One Pod more. */
  add({ cpuMillicores, memoryBytes }: Resources, unseen: boolean): void {
    this.pods += 1;
    this.cpuMillicores += cpuMillicores;
    this.memoryBytes += memoryBytes;
    if (!unseen) return;
    this.#unseenPods += 1;
    this.#unseenMillicores += cpuMillicores;
    this.#unseenBytes += memoryBytes;
  }

  /** One Pod less. */
  remove({ cpuMillicores, memoryBytes }: Resources): void {
    this.pods -= 1;
    this.cpuMillicores -= cpuMillicores;
    this.memoryBytes -= memoryBytes;
  }

  /** The watch has shown one of this replica's own. */
  seen({ cpuMillicores, memoryBytes }: Resources): void {
    this.#unseenPods -= 1;
    this.#unseenMillicores -= cpuMillicores;
    this.#unseenBytes -= memoryBytes;
    if (this.#unseenPods > 0) return;
    // The last one drops the sums, so that rounding cannot pile up.
    this.#unseenMillicores = 0;
    this.#unseenBytes = 0;
  }

  /**
   * With what the other replicas may have sent: whole Pods, and what they ask for on the mean.
   * @param othersPerOwn decisions of theirs for one of this replica
   */
  withOthers(othersPerOwn: number): PendingLoad {
    if (this.#unseenPods === 0) return this;
    return {
      pods: this.pods + Math.round(othersPerOwn * this.#unseenPods),
      cpuMillicores: this.cpuMillicores + Math.round(othersPerOwn * this.#unseenMillicores),
      memoryBytes: this.memoryBytes + Math.round(othersPerOwn * this.#unseenBytes),
    };
  }
}

/** What is on its way to the targets of one topology key. */
export class Ways {
  readonly #targets = new Map<string, OnTheWay>();
  /** By namespace. */
  readonly #siblings = new Map<string, Siblings>();

  /** How many targets something is on its way to. */
  get size(): number {
    return this.#targets.size;
  }

  /** What is on its way to a target; undefined = nothing. */
  to(target: string): OnTheWay | undefined {
    return this.#targets.get(target);
  }

  /** The same by workload, of one namespace; undefined = nothing. */
  siblings(namespace: string): Siblings | undefined {
    return this.#siblings.get(namespace);
  }

  /** Counts a decision. @param unseen see {@link OnTheWay} */
  add({ namespace, workload, target, requests }: Traveller, unseen: boolean): OnTheWay {
    let onTheWay = this.#targets.get(target);
    if (onTheWay === undefined) this.#targets.set(target, (onTheWay = new OnTheWay()));
    onTheWay.add(requests, unseen);
    let siblings = this.#siblings.get(namespace);
    if (siblings === undefined) this.#siblings.set(namespace, (siblings = new Siblings()));
    siblings.add(workload, target);
    return onTheWay;
  }

  /** Counts it no more. @param onTheWay what {@link add} gave back for it */
  remove({ namespace, workload, target, requests }: Traveller, onTheWay: OnTheWay): void {
    onTheWay.remove(requests);
    if (onTheWay.pods === 0) this.#targets.delete(target);
    const siblings = this.#siblings.get(namespace);
    siblings?.remove(workload, target);
    if (siblings?.size === 0) this.#siblings.delete(namespace);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '#cluster/objects/slim.ts';

/** What is on its way to one target. */
export interface PendingLoad extends Resources {
  readonly pods: number;
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

// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { Slots } from './slots.ts';

/** Pods of one workload on their way, by target. */
export interface SiblingCounts extends Iterable<[target: string, pods: number]> {
  /** undefined = none. */
  get(target: string): number | undefined;
}

/** Nothing is on its way. */
export const NO_SIBLINGS: SiblingCounts = new Map<string, number>();

/**
 * Pods on their way, by target and workload, of one namespace and topology key. By target first: a
 * decision asks about its targets for all workloads of the namespace at once, and then reads one short
 * row for each in place of a map of each workload.
 */
export class Siblings {
  readonly #workloads = new Slots();
  /** Target to workloads and their Pods there, by turns: number, Pods, number, Pods, … */
  readonly #rows = new Map<string, number[]>();

  /** Numbers of workloads are below this. */
  get limit(): number {
    return this.#workloads.limit;
  }

  /** How many targets there is something on its way to. */
  get size(): number {
    return this.#rows.size;
  }

  /** The number of a workload in {@link rowOf}; undefined = nothing of it is on its way. */
  numberOf(workload: WorkloadKey): number | undefined {
    return this.#workloads.numberOf(workload);
  }

  /** Number and Pods of every workload at a target, by turns; undefined = none. Not to be changed. */
  rowOf(target: string): readonly number[] | undefined {
    return this.#rows.get(target);
  }

  /** Counts one Pod more. */
  add(workload: WorkloadKey, target: string): void {
    const number = this.#workloads.acquire(workload);
    let row = this.#rows.get(target);
    if (row === undefined) this.#rows.set(target, (row = []));
    const at = placeOf(row, number);
    if (at < 0) row.push(number, 1);
    else row[at + 1] = (row[at + 1] ?? 0) + 1;
  }

  /** Counts one less. */
  remove(workload: WorkloadKey, target: string): void {
    const row = this.#rows.get(target);
    const at = placeOf(row ?? [], this.#workloads.numberOf(workload));
    if (row === undefined || at < 0) return;
    const left = (row[at + 1] ?? 0) - 1;
    row[at + 1] = left;
    if (left <= 0) row.splice(at, 2);
    if (row.length === 0) this.#rows.delete(target);
    this.#workloads.release(workload);
  }

  /** Those of one workload. */
  of(workload: WorkloadKey): SiblingCounts {
    const number = this.#workloads.numberOf(workload);
    return number === undefined ? NO_SIBLINGS : new OfOne(this.#rows, number);
  }
}

/** Reads the rows of all for one workload. */
class OfOne implements SiblingCounts {
  readonly #rows: ReadonlyMap<string, readonly number[]>;
  readonly #number: number;

  constructor(rows: ReadonlyMap<string, readonly number[]>, number: number) {
    this.#rows = rows;
    this.#number = number;
  }

  get(target: string): number | undefined {
    const row = this.#rows.get(target);
    if (row === undefined) return undefined;
    const at = placeOf(row, this.#number);
    return at < 0 ? undefined : row[at + 1];
  }

  *[Symbol.iterator](): Generator<[string, number], void, undefined> {
    for (const target of this.#rows.keys()) {
      const pods = this.get(target);
      if (pods !== undefined) yield [target, pods];
    }
  }
}

/** Where a number stands in a row; -1 = nowhere. */
function placeOf(row: readonly number[], number: number | undefined): number {
  for (let at = 0; at < row.length; at += 2) if (row[at] === number) return at;
  return -1;
}

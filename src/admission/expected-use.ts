// SPDX-License-Identifier: Apache-2.0
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { Observation, WorkloadObservation } from '#cluster/model/observation.ts';
import { labelAt } from '#cluster/objects/selector-match.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { InFlight } from './in-flight.ts';
import type { Placements } from './placements.ts';
import type { TargetsSeen } from './seen-targets.ts';
import type { Siblings } from './siblings.ts';

/** What {@link ExpectedUses} looks at. */
export interface ExpectedUseInput {
  readonly namespace: string;
  /** Workload and owner of the Pod that is being placed. */
  readonly workload: WorkloadKey;
  readonly ownerUid: string;
  readonly topologyKey: string;
  /** The targets that are asked about. */
  readonly among: readonly string[];
  readonly observation: Pick<Observation, 'workloads'>;
  /** Its targets. */
  readonly seen: TargetsSeen | undefined;
  readonly placements: Placements;
  readonly inFlight: InFlight;
  readonly view: Pick<ClusterView, 'node'>;
  readonly now: number;
}

/** CPU of the measured workloads of a namespace by target, in thousandths of a core. */
export interface TargetUses {
  /**
   * What they will use at a target once the rollouts under way are done, Pods on their way included.
   * undefined = the target was not asked about.
   */
  expectedMillicores(target: string): number | undefined;
  /** What their bound Pods request there: what the expectation stands in for. */
  requestedMillicores(target: string): number | undefined;
}

/** A workload whose use is measured. */
interface Measured {
  readonly workload: WorkloadKey;
  /** Of one Pod, at a target of speed 1. */
  readonly millicores: number;
}

/**
 * What the workloads whose use is measured will use at each of the targets that are asked about:
 * requests say little about use, and measured utilisation is that of the placement before, not of the
 * one being made.
 *
 * Each workload of the namespace has a part at almost each target, a thousand sums per decision. They
 * are taken over rows of numbers that the next decision uses again: as many looks into maps were the
 * most expensive part of a decision.
 */
export class ExpectedUses {
  readonly #measured = new WeakMap<Observation['workloads'], readonly Measured[]>();
  /** The targets asked about last and their places: most decisions ask about the same ones. */
  #among: readonly string[] = [];
  #places: ReadonlyMap<string, number> = new Map();
  /** By place. */
  readonly #speeds: number[] = [];
  readonly #expected: number[] = [];
  readonly #requested: number[] = [];
  /** By number of a node: place of its target, -1 = it is of none; and which decision found that. */
  readonly #placeOfNode: number[] = [];
  readonly #foundBy: number[] = [];
  #decision = 0;
  /** By number of a workload of which something is on its way: place among the measured ones. */
  readonly #placeOfWorkload: number[] = [];
  /** Pods on their way by measured workload and target. */
  readonly #onTheWay: number[] = [];

  /** undefined where no workload of the namespace is measured yet. */
  of(input: ExpectedUseInput): TargetUses | undefined {
    const { among, placements, namespace } = input;
    const measured = this.#measuredOf(input.observation.workloads);
    if (measured.length === 0) return undefined;
    this.#begin(input);
    this.#countOnTheWay(measured, input);
    const width = among.length;
    for (let index = 0; index < measured.length; index += 1) {
      const { workload, millicores } = measured[index] as Measured;
      const incoming = workload === input.workload ? input.ownerUid : undefined;
      const spread = placements.spread(namespace, workload, incoming);
      const { nodes, pods, requestedOn, requestedMillicores } = spread;
      for (let at = 0; at < nodes.length; at += 1) {
        this.#expect(this.#placeOf(numberAt(nodes, at), input), numberAt(pods, at), millicores);
      }
      for (let at = 0; at < requestedOn.length; at += 1) {
        const place = this.#placeOf(numberAt(requestedOn, at), input);
        addTo(this.#requested, place, numberAt(requestedMillicores, at));
      }
      for (let place = 0; place < width; place += 1) {
        const count = numberAt(this.#onTheWay, index * width + place);
        if (count > 0) this.#expect(place, count, millicores);
      }
    }
    return new Uses(this.#places, this.#expected.slice(0, width), this.#requested.slice(0, width));
  }

  #begin({ among, seen }: ExpectedUseInput): void {
    this.#decision += 1;
    if (!areSame(among, this.#among)) {
      this.#among = among;
      this.#places = new Map(among.map((target, place) => [target, place]));
    }
    for (let place = 0; place < among.length; place += 1) {
      this.#speeds[place] = speedOf(seen, among[place] ?? '');
      this.#expected[place] = 0;
      this.#requested[place] = 0;
    }
  }

  /** Spreads the rows that are kept by target out into one row per measured workload. */
  #countOnTheWay(measured: readonly Measured[], input: ExpectedUseInput): void {
    const { among, inFlight, now } = input;
    const cells = measured.length * among.length;
    for (let cell = 0; cell < cells; cell += 1) this.#onTheWay[cell] = 0;
    const siblings = inFlight.siblingsIn(input, now);
    if (siblings === undefined) return;
    this.#placeWorkloads(measured, siblings);
    for (let place = 0; place < among.length; place += 1) {
      const row = siblings.rowOf(among[place] ?? '') ?? [];
      for (let at = 0; at < row.length; at += 2) {
        const index = numberAt(this.#placeOfWorkload, numberAt(row, at));
        if (index >= 0) this.#onTheWay[index * among.length + place] = numberAt(row, at + 1);
      }
    }
  }

  #placeWorkloads(measured: readonly Measured[], siblings: Siblings): void {
    for (let number = 0; number < siblings.limit; number += 1) this.#placeOfWorkload[number] = -1;
    for (let index = 0; index < measured.length; index += 1) {
      const number = siblings.numberOf((measured[index] as Measured).workload);
      if (number !== undefined) this.#placeOfWorkload[number] = index;
    }
  }

  /** The place of the target that a node belongs to, looked up once per decision; -1 = it has none. */
  #placeOf(node: number, { placements, view, topologyKey }: ExpectedUseInput): number {
    if (this.#foundBy[node] === this.#decision) return this.#placeOfNode[node] ?? -1;
    const labels = view.node(placements.nodes.nameOf(node) ?? '')?.labels;
    const target = labels === undefined ? undefined : labelAt(labels, topologyKey);
    const place = target === undefined ? -1 : (this.#places.get(target) ?? -1);
    while (this.#foundBy.length < node) this.#forgetOne();
    this.#foundBy[node] = this.#decision;
    this.#placeOfNode[node] = place;
    return place;
  }

  /** Rows without gaps stay rows. */
  #forgetOne(): void {
    this.#foundBy.push(0);
    this.#placeOfNode.push(-1);
  }

  #expect(place: number, pods: number, millicores: number): void {
    addTo(this.#expected, place, (pods * millicores) / numberAt(this.#speeds, place));
  }

  #measuredOf(workloads: Observation['workloads']): readonly Measured[] {
    let measured = this.#measured.get(workloads);
    if (measured === undefined) {
      measured = Object.entries(workloads).flatMap(([workload, seen]): Measured[] => {
        const millicores = referenceMillicores(seen);
        return millicores === undefined ? [] : [{ workload, millicores }];
      });
      this.#measured.set(workloads, measured);
    }
    return measured;
  }
}

/** The sums of one decision. */
class Uses implements TargetUses {
  readonly #places: ReadonlyMap<string, number>;
  readonly #expected: readonly number[];
  readonly #requested: readonly number[];

  constructor(
    places: ReadonlyMap<string, number>,
    expected: readonly number[],
    requested: readonly number[],
  ) {
    this.#places = places;
    this.#expected = expected;
    this.#requested = requested;
  }

  expectedMillicores(target: string): number | undefined {
    return this.#expected[this.#places.get(target) ?? -1];
  }

  requestedMillicores(target: string): number | undefined {
    return this.#requested[this.#places.get(target) ?? -1];
  }
}

/** Nothing where there is no such place. */
function addTo(sums: number[], place: number, amount: number): void {
  if (place >= 0) sums[place] = numberAt(sums, place) + amount;
}

function numberAt(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}

/** What one Pod of a workload uses, in thousandths of a core of a target of speed 1. */
export function referenceMillicores(seen: WorkloadObservation | undefined): number | undefined {
  const cores = seen?.referenceCores ?? seen?.cpuCores;
  return cores === undefined ? undefined : cores * 1000;
}

/** How fast the cores of a target are, as learned; 1 = nothing known. */
export function speedOf(seen: TargetsSeen | undefined, target: string): number {
  return seen?.get(target)?.speed?.ratio ?? 1;
}

// SPDX-License-Identifier: Apache-2.0
import type { Machine } from '#simulator/machines/machines.ts';
import type { PlacedPod, Trial } from '#simulator/trial/trial.ts';

/** A placement on the first machines of each kind, and the way back. */
export interface Likeness {
  readonly placed: readonly PlacedPod[];
  /** The trial of {@link placed} with the names of the machines that were asked for. */
  readonly restore: (trial: Trial) => Trial;
}

/**
 * Placements that differ by which of several equal machines is which are one and the same: the
 * simulator knows a machine by its cores, its speed and its power, and a call by whether it stays
 * on its machine. Every placement is therefore simulated on the first machines of each kind, in the
 * order in which its Pods need them, and of all placements that are alike only one is.
 */
export class Likenesses {
  readonly #machines: readonly Machine[];
  readonly #kindOf: ReadonlyMap<string, string>;
  readonly #namesOf = new Map<string, string[]>();

  /** @param background cores of Pods of others, by node: part of the machines' `systemCores` */
  constructor(machines: readonly Machine[], background: Readonly<Record<string, number>> = {}) {
    this.#machines = machines;
    this.#kindOf = new Map(
      machines.map((machine) => [machine.name, kindOf(machine, background[machine.name] ?? 0)]),
    );
    for (const { name } of machines) {
      const kind = this.#kindOf.get(name) ?? '';
      this.#namesOf.set(kind, [...(this.#namesOf.get(kind) ?? []), name]);
    }
  }

  /** The placement that stands for this one and all that are like it. */
  of(placed: readonly PlacedPod[]): Likeness {
    const standIns = new Map<string, string>();
    const taken = new Map<string, number>();
    const standInOf = (node: string): string => {
      const known = standIns.get(node);
      if (known !== undefined) return known;
      const kind = this.#kindOf.get(node) ?? '';
      const number = taken.get(kind) ?? 0;
      const name = this.#namesOf.get(kind)?.[number];
      if (name === undefined) throw new RangeError(`no machine ${node}`);
      taken.set(kind, number + 1);
      standIns.set(node, name);
      return name;
    };
    const moved = placed.map((pod): PlacedPod => ({ ...pod, node: standInOf(pod.node) }));
    return {
      placed: moved,
      restore: (trial) => {
        for (const { name } of this.#machines) standInOf(name);
        const { nodes } = trial.interval;
        const byName = new Map(nodes.map((node) => [node.name, node]));
        const restored = nodes.map(({ name }) => {
          const found = byName.get(standInOf(name));
          if (found === undefined) throw new RangeError(`no machine ${name}`);
          return { ...found, name };
        });
        return {
          ...trial,
          interval: { ...trial.interval, nodes: restored },
          pods: trial.pods.map((one, index) => ({ ...one, pod: placed[index] ?? one.pod })),
        };
      },
    };
  }
}

/** Whatever the simulator reads of a machine. */
function kindOf({ cores, systemCores, speed, curve }: Machine, othersCores: number): string {
  return JSON.stringify([cores, systemCores, speed, curve, othersCores]);
}

// SPDX-License-Identifier: Apache-2.0
import type { SlimNode } from '#cluster/objects/slim.ts';

/**
 * Targets that one workload chooses among at most. More would never be tried often enough to learn
 * of them, and a decision has to cost the same on 50 nodes and on 5000.
 */
export const TARGET_LIMIT = 64;

/** Nodes by the value of the topology key, as the view keeps them. */
export type NodesByTarget = ReadonlyMap<string, readonly SlimNode[]>;

/**
 * The order in which the targets of a workload are looked at. Every replica gives the same order
 * for the same nodes, and another workload starts somewhere else in it, so that in a cluster of
 * more targets than {@link TARGET_LIMIT} each workload keeps to a window of its own.
 */
export class TargetOrder {
  /** Sorted once per change of the nodes, not once per Pod. */
  readonly #sorted = new WeakMap<NodesByTarget, readonly string[]>();

  /** Every target, each once. */
  of(targets: NodesByTarget, workload: string): Iterable<string> {
    const names = this.#namesOf(targets);
    // All of a few were looked up just now.
    return names.length <= TARGET_LIMIT ? names : this.#window(targets, names, hash(workload));
  }

  *#window(
    targets: NodesByTarget,
    names: readonly string[],
    start: number,
  ): Generator<string, void, undefined> {
    for (let step = 0; step < names.length; step += 1) {
      const name = names[(start + step) % names.length];
      if (name === undefined) continue;
      // The map is changed in place; a name that left it says that the order is out of date.
      if (!targets.has(name)) this.#sorted.delete(targets);
      else yield name;
    }
  }

  #namesOf(targets: NodesByTarget): readonly string[] {
    const known = this.#sorted.get(targets);
    if (known?.length === targets.size) {
      // Same number and all still there: the same names. In a large map a missing one shows when
      // it is come across.
      const same = targets.size > TARGET_LIMIT || known.every((name) => targets.has(name));
      if (same) return known;
    }
    const names = [...targets.keys()].sort();
    this.#sorted.set(targets, names);
    return names;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return state >>> 0;
}

// SPDX-License-Identifier: Apache-2.0
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { Change } from '#cluster/watch/store.ts';

/**
 * Nodes by the value of a label: built when a key is first asked for, kept up to date from then
 * on, so that the answer costs nothing in the admission path.
 */
export class NodeIndex {
  readonly #nodes: () => Iterable<SlimNode>;
  readonly #byKey = new Map<string, Map<string, SlimNode[]>>();

  /** @param nodes every node as it is now; read once per label key */
  constructor(nodes: () => Iterable<SlimNode>) {
    this.#nodes = nodes;
  }

  /** The nodes that have the label, by its value. */
  byLabel(key: string): ReadonlyMap<string, readonly SlimNode[]> {
    let values = this.#byKey.get(key);
    if (values === undefined) {
      values = new Map();
      for (const node of this.#nodes()) add(values, key, node);
      this.#byKey.set(key, values);
    }
    return values;
  }

  /** Takes in a change of a node. */
  apply(change: Change<SlimNode>): void {
    for (const [key, values] of this.#byKey) {
      if (change.before !== undefined) remove(values, key, change.before);
      if (change.after !== undefined) add(values, key, change.after);
    }
  }
}

function add(values: Map<string, SlimNode[]>, key: string, node: SlimNode): void {
  const value = valueOf(node, key);
  if (value === undefined) return;
  // A new list, not a push: a reader may still hold the old one.
  values.set(value, [...(values.get(value) ?? []), node]);
}

function remove(values: Map<string, SlimNode[]>, key: string, node: SlimNode): void {
  const value = valueOf(node, key);
  if (value === undefined) return;
  const rest = (values.get(value) ?? []).filter((other) => other.name !== node.name);
  if (rest.length === 0) values.delete(value);
  else values.set(value, rest);
}

function valueOf(node: SlimNode, key: string): string | undefined {
  return Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
}

// SPDX-License-Identifier: Apache-2.0

/**
 * Which node's CPU completes something first: a tournament over the nodes, so that a change of one
 * node costs O(log nodes) and the answer nothing. Among equal times the node of the lowest number
 * is first.
 */
export class FirstCompletion {
  /** Time of the first completion; Infinity where none is to come. */
  time = Infinity;
  /** Its node. */
  node = 0;
  /** Leaves stand behind the inner matches; match i is played by 2i and 2i + 1. */
  readonly #leaves: number;
  readonly #times: Float64Array;

  constructor(nodes: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, nodes)));
    this.#times = new Float64Array(2 * this.#leaves).fill(Infinity);
  }

  /** The next completion of a node has changed. */
  set(node: number, time: number): void {
    const times = this.#times;
    let match = this.#leaves + node;
    times[match] = time;
    while (match > 1) {
      match >>= 1;
      const left = times[2 * match] as number;
      const right = times[2 * match + 1] as number;
      times[match] = left <= right ? left : right;
    }
    this.time = times[1] as number;
    this.node = this.#winner();
  }

  #winner(): number {
    const times = this.#times;
    let match = 1;
    while (match < this.#leaves) {
      match *= 2;
      if ((times[match] as number) > this.time) match++;
    }
    return match - this.#leaves;
  }
}

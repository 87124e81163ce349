// SPDX-License-Identifier: Apache-2.0

/**
 * Which node's CPU completes something first: a tournament over the nodes, so that the answer costs
 * nothing and a change of one node no more than the matches whose outcome it changes, O(log nodes)
 * at most. Among equal times the node of the lowest number is first.
 */
export class FirstCompletion {
  /** Time of the first completion; Infinity where none is to come. */
  time = Infinity;
  /** Its node. */
  node = 0;
  /** Leaves stand behind the inner matches; match i is played by 2i and 2i + 1. */
  readonly #leaves: number;
  /** By match: the time and the node that won it. */
  readonly #times: Float64Array;
  readonly #winners: Int32Array;

  constructor(nodes: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, nodes)));
    this.#times = new Float64Array(2 * this.#leaves).fill(Infinity);
    this.#winners = new Int32Array(2 * this.#leaves);
    for (let match = 2 * this.#leaves - 1; match > 0; match--) {
      const isLeaf = match >= this.#leaves;
      this.#winners[match] = isLeaf ? match - this.#leaves : (this.#winners[2 * match] as number);
    }
  }

  /** The next completion of a node has changed. */
  set(node: number, time: number): void {
    const times = this.#times;
    const winners = this.#winners;
    let match = this.#leaves + node;
    let best = time;
    let winner = node;
    times[match] = time;
    while (match > 1) {
      const other = match ^ 1;
      const otherTime = times[other] as number;
      // The left one wins a tie: it has the lower numbers.
      if (otherTime < best || (otherTime === best && other < match)) {
        best = otherTime;
        winner = winners[other] as number;
      }
      match >>= 1;
      if (times[match] === best && winners[match] === winner) return;
      times[match] = best;
      winners[match] = winner;
    }
    this.time = best;
    this.node = winner;
  }
}

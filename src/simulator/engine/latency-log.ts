// SPDX-License-Identifier: Apache-2.0

/** Exact latencies of the user requests that ended in one interval, seconds. */
export class LatencyLog {
  #values = new Float64Array(4096);
  #size = 0;

  /** Number of requests. */
  get size(): number {
    return this.#size;
  }

  /** Adds one latency. */
  add(seconds: number): void {
    if (this.#size === this.#values.length) {
      const values = new Float64Array(this.#size * 2);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#size++] = seconds;
  }

  /** Mean, undefined without requests. */
  mean(): number | undefined {
    if (this.#size === 0) return undefined;
    let sum = 0;
    for (let i = 0; i < this.#size; i++) sum += this.#values[i] as number;
    return sum / this.#size;
  }

  /**
   * Quantiles (nearest rank: the smallest value with at least that share at or below it), each
   * undefined without requests. Sorts in place.
   */
  quantiles(...shares: number[]): (number | undefined)[] {
    const sorted = this.#values.subarray(0, this.#size).sort();
    return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
  }

  clear(): void {
    this.#size = 0;
  }
}

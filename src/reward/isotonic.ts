// SPDX-License-Identifier: Apache-2.0

/** A value and how much it counts. */
export interface Weighted {
  readonly value: number;
  readonly weight: number;
}

/**
 * The sequence that never falls and is nearest to the given one in weighted squares: neighbours
 * that are out of order are pooled into their mean (pool adjacent violators; Ayer et al. 1955).
 * Weights above 0; linear time.
 */
export function isotonic(values: readonly Weighted[]): readonly number[] {
  const blocks: { value: number; weight: number; length: number }[] = [];
  for (const { value, weight } of values) {
    let block = { value, weight, length: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.value > block.value;) {
      blocks.pop();
      const total = last.weight + block.weight;
      block = {
        value: (last.value * last.weight + block.value * block.weight) / total,
        weight: total,
        length: last.length + block.length,
      };
      last = blocks.at(-1);
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ value, length }) => Array<number>(length).fill(value));
}

// SPDX-License-Identifier: Apache-2.0

/** A jump in a chain's sequence numbers, and which of the numbers turned up later. */
export interface Gap {
  /** Line number of the line behind the gap. */
  readonly line: number;
  /** Sequence number of that line. */
  readonly seq: number;
  /** First and last number that was jumped over. */
  readonly from: number;
  readonly to: number;
  readonly found: Set<number>;
}

/** Whether the number belongs to the gap and has not turned up yet. */
export function isMissing(gap: Gap, seq: number): boolean {
  return seq >= gap.from && seq <= gap.to && !gap.found.has(seq);
}

/** The runs of numbers that never turned up, in order. Costs O(found), however wide the gap. */
export function missingRuns(gap: Gap): readonly (readonly [from: number, to: number])[] {
  const runs: [number, number][] = [];
  let from = gap.from;
  for (const seq of [...gap.found].sort((a, b) => a - b)) {
    if (seq > from) runs.push([from, seq - 1]);
    from = seq + 1;
  }
  if (from <= gap.to) runs.push([from, gap.to]);
  return runs;
}

// SPDX-License-Identifier: Apache-2.0

/**
 * The ratio of the greatest to the least mean of several lists, as one value per round whose mean and
 * interval are those of the ratio (jackknife pseudo-values, Efron & Tibshirani 1993, chapter 11). The
 * mean of each round's own ratio would not do: of values that differ by nothing but noise the
 * greatest is always above the least, and on a busy machine by 15 to 30 %.
 *
 * @param lists values above 0 by round, all lists of one length of 2 at least
 * @throws RangeError where they are not
 */
export function spreadOf(lists: readonly (readonly number[])[]): number[] {
  const rounds = lists[0]?.length ?? 0;
  const usable = lists.every((list) => list.length === rounds && list.every((one) => one > 0));
  if (rounds < 2 || !usable) throw new RangeError('a spread needs lists of 2 or more rounds');
  const sums = lists.map((list) => list.reduce((sum, value) => sum + value, 0));
  const whole = ratioOf(sums);
  return Array.from({ length: rounds }, (_, round) => {
    const without = ratioOf(sums.map((sum, index) => sum - (lists[index]?.[round] ?? Number.NaN)));
    return rounds * whole - (rounds - 1) * without;
  });
}

function ratioOf(sums: readonly number[]): number {
  return Math.max(...sums) / Math.min(...sums);
}

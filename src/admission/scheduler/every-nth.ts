// SPDX-License-Identifier: Apache-2.0

/**
 * The same check on every n-th call only: a look at the clock costs more than most steps that it
 * stands between.
 */
export function everyNth(n: number, checkpoint: () => void): () => void {
  let left = n;
  return () => {
    left -= 1;
    if (left > 0) return;
    left = n;
    checkpoint();
  };
}

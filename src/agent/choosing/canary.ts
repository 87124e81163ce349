// SPDX-License-Identifier: Apache-2.0
import { createGenerator } from '#agent/terms/random.ts';

/**
 * Whether a decision is acted upon, or only taken and judged. A draw of its own from the seed of
 * the decision: it says nothing of the action, so that propensities among the decisions acted upon
 * are what they would be without it, and the same decision falls the same way wherever it is
 * replayed. Raising the ratio only ever adds decisions.
 *
 * @param ratio share of decisions acted upon, 0..1
 * @throws RangeError for a ratio outside 0..1
 */
export function isActedUpon(seed: number | string, ratio: number): boolean {
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`canary ratio: found ${ratio}`);
  // Every draw lies below 1.
  return ratio === 1 || createGenerator(`${String(seed)}/canary`).next() < ratio;
}

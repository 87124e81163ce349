// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';

/** One feasible action and what is believed of it. */
export interface Arm {
  readonly action: Action;
  /** Estimated return; finite. */
  readonly value: number;
  /** Samples behind the estimate; 0 = never tried, the value is a guess. */
  readonly weight: number;
  /** Siblings sent there and not yet visible; among equals, fewer is better. 0 where absent. */
  readonly inFlight?: number | undefined;
}

/**
 * Guards every behaviour: a value that is not a number would be neither best nor worst.
 * @throws RangeError when there is no arm, a value is not finite, or a weight is below 0 or NaN.
 */
export function checkArms(arms: readonly Arm[]): void {
  if (arms.length === 0) throw new RangeError('arms: found none');
  for (const { action, value, weight } of arms) {
    if (!Number.isFinite(value)) throw new RangeError(`value of ${action}: found ${value}`);
    if (!(weight >= 0)) throw new RangeError(`weight of ${action}: found ${weight}`);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from './policy.ts';

/**
 * The two shares of a policy as fractions, as `holdoutShare` of `src/agent/choosing/holdout.ts` takes them.
 * The resting one is at most the full one: a policy that holds nothing out holds nothing out at rest.
 */
export function holdoutSharesOf(
  spec: Pick<PolicySpec, 'holdoutPercent' | 'restingHoldoutThousandths'>,
): { readonly full: number; readonly resting: number } {
  const full = spec.holdoutPercent / 100;
  return { full, resting: Math.min(full, spec.restingHoldoutThousandths / 1000) };
}

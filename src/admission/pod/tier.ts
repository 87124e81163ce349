// SPDX-License-Identifier: Apache-2.0
import { labelAt, type Labels } from '#cluster/objects/selector-match.ts';
import type { TierRule } from '#cluster/policy/policy.ts';

/** The tier of a Pod that no rule matches. */
export const OTHER_TIER = 'business';

/** The tier of a Pod: the first rule all of whose labels it carries. */
export function tierOf(labels: Labels, rules: readonly TierRule[]): string {
  const rule = rules.find((one) =>
    Object.keys(one.matchLabels).every((key) => labelAt(labels, key) === one.matchLabels[key]),
  );
  return rule?.name ?? OTHER_TIER;
}

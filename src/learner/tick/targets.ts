// SPDX-License-Identifier: Apache-2.0
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';

/** The targets of a policy: those it names, or every value of its topology key. */
export function targetsOf(
  policy: PlacementPolicy,
  byLabel: ReadonlyMap<string, readonly SlimNode[]>,
): Map<string, readonly SlimNode[]> {
  const { targets } = policy.spec;
  if (targets.length === 0) return new Map(byLabel);
  return new Map(targets.map((target) => [target, byLabel.get(target) ?? []]));
}

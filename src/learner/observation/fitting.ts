// SPDX-License-Identifier: Apache-2.0

/**
 * As many entries as an observation has room for: one row too many and it could not be written at all,
 * so that a namespace with many old Jobs would be measured nowhere. Those that tell something stay
 * before those that do not, then the first by name, so that the same ones stay from tick to tick.
 *
 * @returns in their order
 */
export function fitting<Value>(
  entries: readonly (readonly [name: string, value: Value])[],
  limit: number,
  tells: (value: Value) => boolean,
): readonly (readonly [name: string, value: Value])[] {
  if (entries.length <= limit) return entries;
  const byName = entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  const ordered = [
    ...byName.filter(([, value]) => tells(value)),
    ...byName.filter(([, value]) => !tells(value)),
  ];
  const kept = new Set(ordered.slice(0, limit));
  return entries.filter((entry) => kept.has(entry));
}

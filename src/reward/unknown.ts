// SPDX-License-Identifier: Apache-2.0

/** Whether a number says anything: not undefined, NaN or infinite. */
export function isKnown(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

/**
 * The law "unknown is never best": the candidate of the least cost among those whose cost is
 * known. One that is unknown is not chosen, whatever the others cost; if none is known there is
 * no best. Between equals the first wins.
 */
export function leastCost<T>(
  candidates: Iterable<readonly [candidate: T, cost: number | undefined]>,
): T | undefined {
  let best: { readonly candidate: T; readonly cost: number } | undefined;
  for (const [candidate, cost] of candidates) {
    if (isKnown(cost) && (best === undefined || cost < best.cost)) best = { candidate, cost };
  }
  return best?.candidate;
}

// SPDX-License-Identifier: Apache-2.0
import { isKnown } from './unknown.ts';

/** How a Pod's energy is counted; see `docs/explanation/reward.md` for when each is right. */
export type Accounting = 'Attributed' | 'Amortised';

/** What is known of the energy of a Pod and its node, in one window. */
export interface PodEnergy {
  /** Joules that Kepler attributes to the Pod. */
  readonly podJoules: number | undefined;
  /** Joules that Kepler attributes to all Pods of its node together. */
  readonly attributedJoules: number | undefined;
  /** Joules of the whole node: mean watts times seconds. */
  readonly nodeJoules: number | undefined;
}

/**
 * Joules charged to a Pod: Kepler's own number, or its share of the node's energy in proportion
 * to Kepler's numbers. Undefined if something it needs is not known, and if nothing was
 * attributed to any Pod, because then there is no share.
 */
export function chargedJoules(accounting: Accounting, energy: PodEnergy): number | undefined {
  const { podJoules, attributedJoules, nodeJoules } = energy;
  if (!isKnown(podJoules) || podJoules < 0) return undefined;
  if (accounting === 'Attributed') return podJoules;
  if (!isKnown(attributedJoules) || !isKnown(nodeJoules) || nodeJoules < 0) return undefined;
  if (attributedJoules <= 0 || podJoules > attributedJoules * (1 + 1e-9)) return undefined;
  return nodeJoules * (podJoules / attributedJoules);
}

/**
 * The energy of one node shared among its Pods in proportion to what Kepler attributes to them:
 * the shares add up to the node's energy. Pods that are not known get no share; without any
 * attributed energy there are no shares.
 */
export function amortise<Pod>(
  nodeJoules: number,
  attributed: ReadonlyMap<Pod, number | undefined>,
): ReadonlyMap<Pod, number> {
  let sum = 0;
  for (const joules of attributed.values()) if (isKnown(joules) && joules > 0) sum += joules;
  const shares = new Map<Pod, number>();
  for (const [pod, podJoules] of attributed) {
    const energy = { podJoules, attributedJoules: sum, nodeJoules };
    const share = chargedJoules('Amortised', energy);
    if (share !== undefined) shares.set(pod, share);
  }
  return shares;
}

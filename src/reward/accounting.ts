// SPDX-License-Identifier: Apache-2.0
import { isKnown } from './unknown.ts';

/** How a Pod's energy is counted; see `docs/explanation/reward.md` for when each is right. */
export type Accounting = 'Attributed' | 'Amortised' | 'Marginal';

/** What is known of the energy of a Pod and its node, in one window. */
export interface PodEnergy {
  /** Joules that Kepler attributes to the Pod. */
  readonly podJoules: number | undefined;
  /** Joules that Kepler attributes to all Pods of its node together. */
  readonly attributedJoules: number | undefined;
  /** Joules of the whole node: mean watts times seconds. */
  readonly nodeJoules: number | undefined;
  /** For `Marginal`: the node's utilisation (0..1), the slope of its power curve, the window. */
  readonly utilisation?: number | undefined;
  /** Watts per whole node of utilisation; see `power-curve.ts`. */
  readonly marginalWatts?: number | undefined;
  readonly seconds?: number | undefined;
}

/**
 * Joules charged to a Pod: Kepler's own number; its share of the node's energy in proportion to
 * Kepler's numbers; or what its share of the node's utilisation costs by the slope of the node's
 * power curve (that share is in proportion to Kepler's numbers, too, because within a node they
 * are in proportion to CPU time). Undefined if something it needs is not known, and if nothing was
 * attributed to any Pod, because then there is no share.
 */
export function chargedJoules(accounting: Accounting, energy: PodEnergy): number | undefined {
  const { podJoules, attributedJoules, nodeJoules } = energy;
  if (!isKnown(podJoules) || podJoules < 0) return undefined;
  if (accounting === 'Attributed') return podJoules;
  if (!isKnown(attributedJoules) || attributedJoules <= 0) return undefined;
  if (podJoules > attributedJoules * (1 + 1e-9)) return undefined;
  const share = podJoules / attributedJoules;
  if (accounting === 'Marginal') return marginalJoules(share, energy);
  return isKnown(nodeJoules) && nodeJoules >= 0 ? nodeJoules * share : undefined;
}

function marginalJoules(share: number, energy: PodEnergy): number | undefined {
  const { utilisation, marginalWatts, seconds } = energy;
  if (!isKnown(utilisation) || utilisation < 0 || !isKnown(seconds) || seconds < 0) {
    return undefined;
  }
  if (!isKnown(marginalWatts) || marginalWatts < 0) return undefined;
  return marginalWatts * utilisation * share * seconds;
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

// SPDX-License-Identifier: Apache-2.0
import { checkArms } from './arm.ts';
import type { Behaviour } from './behaviour.ts';
import { normalCumulative, normalDensity } from './normal.ts';

/** Standard deviations beyond which a belief is taken for certain. */
const REACH = 8;

/** Grid step in units of the narrowest belief; the trapezoid rule errs by far below 1e-6 there. */
const STEP = 0.75;

/** Bounds of the number of grid points. */
const LEAST_POINTS = 64;
const MOST_POINTS = 2048;

interface Belief {
  readonly mean: number;
  readonly deviation: number;
  /** Arms that share this belief. */
  readonly count: number;
}

/**
 * Thompson sampling with Gaussian beliefs N(value, returnDeviation^2 / (1 + weight)). Instead of
 * drawing one number per arm, the probability of each arm to be the greatest is integrated,
 *
 *   p_i = integral of phi_i(x) * product over j != i of Phi_j(x) dx,
 *
 * by the trapezoid rule on a fixed grid and normalised; the arm is then drawn from this vector. It
 * is the same rule, the propensity is known, and no arm is integrated twice for the same belief.
 */
export const thompson: Behaviour = (arms, { returnDeviation }) => {
  checkArms(arms);
  if (!(returnDeviation > 0)) throw new RangeError(`returnDeviation: found ${returnDeviation}`);
  const beliefs = new Map<string, Belief>();
  const keys = arms.map((arm) => {
    const deviation = returnDeviation / Math.sqrt(1 + arm.weight);
    const key = `${arm.value} ${deviation}`;
    const count = 1 + (beliefs.get(key)?.count ?? 0);
    beliefs.set(key, { mean: arm.value, deviation, count });
    return key;
  });
  const shares = winningShares([...beliefs.values()]);
  const shareOf = new Map([...beliefs.keys()].map((key, index) => [key, shares[index] ?? 0]));
  const masses = keys.map((key) => shareOf.get(key) ?? 0);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
};

/** For each belief, in proportion, the probability that one arm of it is the greatest of all. */
function winningShares(beliefs: readonly Belief[]): number[] {
  const low = Math.max(...beliefs.map(({ mean, deviation }) => mean - REACH * deviation));
  const high = Math.max(...beliefs.map(({ mean, deviation }) => mean + REACH * deviation));
  const narrowest = Math.min(...beliefs.map(({ deviation }) => deviation));
  const wanted = Math.ceil((high - low) / (STEP * narrowest));
  const points = Math.min(MOST_POINTS, Math.max(LEAST_POINTS, wanted));
  const shares = beliefs.map(() => 0);
  for (let point = 0; point <= points; point += 1) {
    addPoint(shares, beliefs, low + ((high - low) * point) / points);
  }
  return shares;
}

/** Adds the integrand at x. (The two end points, which the rule halves, weigh nothing.) */
function addPoint(shares: number[], beliefs: readonly Belief[], x: number): void {
  const below = beliefs.map(({ mean, deviation }) => normalCumulative((x - mean) / deviation));
  const allBelow = below.reduce(
    (product, probability, index) => product * probability ** (beliefs[index]?.count ?? 1),
    1,
  );
  for (const [index, { mean, deviation }] of beliefs.entries()) {
    const itself = below[index] ?? 0;
    if (itself === 0) continue;
    const density = normalDensity((x - mean) / deviation) / deviation;
    shares[index] = (shares[index] ?? 0) + (density * allBelow) / itself;
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { PeaksModel } from '#simulator/scheduler/peer-scores.ts';
import type { PowerCurve } from '#simulator/machines/power-curve.ts';

/** Exponents that are tried; 0 would be no exponential at all. */
const BENDS = Array.from({ length: 240 }, (_, i) => (i - 120) / 20).filter((bend) => bend !== 0);

/**
 * The model that PEAKS would train for a machine: the least-squares fit of
 * `k0 + k1 exp(k2 u)` to its 11 points, k2 from a grid of -6..6 in steps of 0.05.
 */
export function peaksModel(curve: PowerCurve): PeaksModel {
  let best: PeaksModel = { k0: 0, k1: 0, k2: 1 };
  let leastError = Infinity;
  for (const k2 of BENDS) {
    const xs = curve.map((_, i) => Math.exp((k2 * i) / (curve.length - 1)));
    const { k0, k1 } = line(xs, curve);
    const error = curve.reduce((sum, watts, i) => sum + (k0 + k1 * (xs[i] ?? 0) - watts) ** 2, 0);
    if (error >= leastError) continue;
    leastError = error;
    best = { k0, k1, k2 };
  }
  return best;
}

function line(xs: readonly number[], ys: readonly number[]): { k0: number; k1: number } {
  const n = xs.length;
  const meanX = xs.reduce((sum, x) => sum + x, 0) / n;
  const meanY = ys.reduce((sum, y) => sum + y, 0) / n;
  let covariance = 0;
  let variance = 0;
  xs.forEach((x, i) => {
    covariance += (x - meanX) * ((ys[i] ?? 0) - meanY);
    variance += (x - meanX) ** 2;
  });
  const k1 = covariance / variance;
  return { k0: meanY - k1 * meanX, k1 };
}

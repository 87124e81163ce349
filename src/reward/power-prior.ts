// SPDX-License-Identifier: Apache-2.0

/** Watts at a utilisation of 0..1. */
export type PowerShape = (utilisation: number) => number;

/** Bend of the general shape: the fit that PEAKS publishes for its "node B". */
const BEND = 2.9613;

/** Full load over idle, where the machine is not known; the middle of published servers. */
const FULL_OVER_IDLE = 4;

/**
 * The general shape, P(u) = idle + (full - idle)(1 - e^(-ku))/(1 - e^-k): steep at first, then
 * flatter. PEAKS writes the same as K0 + K1 e^(K2 u). Only its form counts, because a fit scales
 * it: idle is 1.
 */
export const GENERAL_SHAPE: PowerShape = (utilisation) =>
  1 + ((FULL_OVER_IDLE - 1) * (1 - Math.exp(-BEND * utilisation))) / (1 - Math.exp(-BEND));

/** Watts of the processors at these utilisations. */
type Measured = readonly (readonly [utilisation: number, watts: number])[];

function at(idle: number, tenth: number, half: number, full: number): Measured {
  return [
    [0, idle],
    [0.1, tenth],
    [0.5, half],
    [1, full],
  ];
}

/**
 * Whole machines whose processors' power (RAPL package) was measured idle and at 10, 50 and 100 %:
 * Teads' data set of AWS instances, Apache-2.0, by the value of `node.kubernetes.io/instance-type`.
 */
const MACHINES: Readonly<Record<string, Measured>> = {
  'm5.metal': at(57.9, 146.6, 343.7, 478),
  'c5.metal': at(57.9, 175.5, 448.3, 626.8),
  'i3.metal': at(35, 99.9, 205.4, 281.1),
  'z1d.metal': at(48, 148, 361, 441),
  'm6g.metal': at(17.4, 47.7, 112.8, 152.8),
};

/** The published shape of a machine type; undefined where there is none. */
export function machineShape(instanceType: string | undefined): PowerShape | undefined {
  if (instanceType === undefined || !Object.hasOwn(MACHINES, instanceType)) return undefined;
  const measured = MACHINES[instanceType] ?? [];
  return (utilisation) => {
    const right = Math.max(
      1,
      measured.findIndex(([u]) => u >= utilisation),
    );
    const [u0, w0] = measured[right - 1] ?? [0, 0];
    const [u1, w1] = measured[right] ?? [1, w0];
    return w0 + ((w1 - w0) * (utilisation - u0)) / (u1 - u0);
  };
}

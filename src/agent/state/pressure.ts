// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';

/** CPU (or any one resource, all in the same unit) of one target. */
export interface TargetLoad {
  /** Allocatable of its usable nodes together. */
  readonly allocatable: number | undefined;
  /** Requests of the Pods bound there. */
  readonly requested: number | undefined;
  /** Requests of Pods sent there and not yet visible. */
  readonly inFlight: number;
  /** Measured utilisation, 0..1; undefined = not known (missing, stale, fake). */
  readonly utilisation: number | undefined;
  /**
   * What the Pods there and on their way are expected to use, from measurements of each, in place
   * of requests, Pods in flight and utilisation; undefined = not known.
   */
  readonly expected?: number | undefined;
}

/** Pressure of a target: 0 = empty, 1 = full. */
export interface Pressure {
  readonly ratio: number;
  /** False = from requests alone: utilisation was missing, NaN, zero or absurd. */
  readonly measured: boolean;
}

/** Pressure in words. */
export type PressureBucket = 'low' | 'medium' | 'high' | 'unknown';

/** From these ratios on, pressure is medium and high. */
const MEDIUM_FROM = 0.5;
const HIGH_FROM = 0.8;

/** A utilisation above this is a broken source, not sampling jitter. */
const GREATEST_UTILISATION = 1.25;

/**
 * Pressure of a target: `expected / allocatable` where the use of its Pods is known; else
 * `(requested + inFlight) / allocatable`, or its measured utilisation where that is greater.
 * undefined = unknown: allocatable or requests are missing, NaN or negative, or
 * nothing is allocatable. A utilisation of exactly 0 does not happen on a node that runs a
 * kubelet, so it counts as not measured, like NaN and values far above 1.
 */
export function pressureOf(load: TargetLoad): Pressure | undefined {
  const { allocatable = NaN, requested = NaN, inFlight, utilisation, expected } = load;
  const ratio = (expected ?? requested + inFlight) / allocatable;
  const usable = allocatable > 0 && requested >= 0 && inFlight >= 0 && Number.isFinite(ratio);
  if (!usable) return undefined;
  const measured =
    utilisation !== undefined && utilisation > 0 && utilisation <= GREATEST_UTILISATION;
  return measured && expected === undefined
    ? { ratio: Math.max(ratio, utilisation), measured }
    : { ratio, measured };
}

/** Pressure in words. */
export function pressureBucketOf(pressure: Pressure | undefined): PressureBucket {
  if (pressure === undefined) return 'unknown';
  if (pressure.ratio < MEDIUM_FROM) return 'low';
  return pressure.ratio < HIGH_FROM ? 'medium' : 'high';
}

/**
 * Target of least pressure, or null where none is known. A target of unknown pressure is never the
 * least, and one known from requests alone only where none is measured. Ties go to the first name
 * by code units, so that every replica answers the same.
 */
export function leastPressured(targets: ReadonlyMap<Action, Pressure | undefined>): Action | null {
  let best: { readonly target: Action; readonly pressure: Pressure } | null = null;
  for (const [target, pressure] of targets) {
    if (pressure === undefined) continue;
    const candidate = { target, pressure };
    if (best === null || precedes(candidate, best)) best = candidate;
  }
  return best?.target ?? null;
}

interface Known {
  readonly target: Action;
  readonly pressure: Pressure;
}

function precedes(one: Known, other: Known): boolean {
  if (one.pressure.measured !== other.pressure.measured) return one.pressure.measured;
  if (one.pressure.ratio !== other.pressure.ratio) {
    return one.pressure.ratio < other.pressure.ratio;
  }
  return one.target < other.target;
}

// SPDX-License-Identifier: Apache-2.0
import type { Action } from '#agent/terms/action.ts';
import type { StateKey } from '#agent/terms/state.ts';

/** Load of a workload against its own history. */
export type LoadBucket = 'low' | 'normal' | 'high' | 'unknown';

const LOAD_BUCKETS: readonly LoadBucket[] = ['low', 'normal', 'high', 'unknown'];

/**
 * What a state says. A feature that is absent is not part of the state; null says that there is
 * none (no target of known pressure, no peer placed yet).
 */
export interface StateFeatures {
  readonly load?: LoadBucket;
  /** Least-pressured target that the Pod could go to; see `pressure.ts`. */
  readonly least?: Action | null;
  /** Target that holds most of the workload's peers. */
  readonly peers?: Action | null;
}

/** Cells (states times actions) that one workload may have. */
export const MAXIMUM_CELLS = 128;

/** Stands for null. Parentheses are escaped in names, so no target can be taken for it. */
const NONE = '(none)';

/** Below and above these ratios to the usual load, load is low and high. */
const LOW_RATIO = 0.5;
const HIGH_RATIO = 1.5;

/**
 * Load bucket of a rate against its usual value (same unit). Unknown where either is missing, NaN,
 * infinite or negative; zero is a known load: low where the workload is usually busy.
 */
export function loadBucketOf(current: number | undefined, usual: number | undefined): LoadBucket {
  if (!isRate(current) || !isRate(usual)) return 'unknown';
  if (current < LOW_RATIO * usual) return 'low';
  return current > HIGH_RATIO * usual ? 'high' : 'normal';
}

function isRate(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

/** Target that holds most peers; ties go to the first by code units; null where there are none. */
export function mostPeers(peersByTarget: Readonly<Record<Action, number>>): Action | null {
  let best: Action | null = null;
  let most = 0;
  for (const [target, peers] of Object.entries(peersByTarget)) {
    const better = peers > most || (peers === most && best !== null && target < best);
    if (!better) continue;
    best = target;
    most = peers;
  }
  return best;
}

/**
 * Takes features in, as long as states times actions fit the bound: first `least`, then `load`,
 * then `peers`. With K targets and the default that is (K + 1)^2 cells with `least`, 4 (K + 1)^2
 * with load, too, 4 (K + 1)^3 in full: `least` and load for 2 <= K <= 4, `least` for K <= 10, load
 * for K <= 31. It depends on K alone, so all states of a cluster agree. Every feature splits what
 * is learned; tens of rollouts fill tens of cells, not hundreds (`docs/explanation/algorithm.md`).
 */
export function boundFeatures(
  features: StateFeatures,
  targetCount: number,
  maximumCells = MAXIMUM_CELLS,
): StateFeatures {
  const { load, least, peers } = features;
  const values = { least: targetCount + 1, load: LOAD_BUCKETS.length, peers: targetCount + 1 };
  let cells = targetCount + 1;
  const fits = (name: keyof typeof values): boolean => {
    if (cells * values[name] > maximumCells) return false;
    cells *= values[name];
    return true;
  };
  return {
    ...(least !== undefined && fits('least') ? { least } : {}),
    ...(load !== undefined && fits('load') ? { load } : {}),
    ...(peers !== undefined && fits('peers') ? { peers } : {}),
  };
}

/** The state as a string: features in the order load, least, peers; `all` when there are none. */
export function encodeState(features: StateFeatures): StateKey {
  const parts: string[] = [];
  if (features.load !== undefined) parts.push(`load=${features.load}`);
  if (features.least !== undefined) parts.push(`least=${encodeTarget(features.least)}`);
  if (features.peers !== undefined) parts.push(`peers=${encodeTarget(features.peers)}`);
  return parts.length === 0 ? 'all' : parts.join(',');
}

/** The features of a state; undefined for a string that {@link encodeState} cannot have written. */
export function decodeState(key: StateKey): StateFeatures | undefined {
  let features: StateFeatures = {};
  if (key === 'all') return features;
  for (const part of key.split(',')) {
    const feature = decodePart(part);
    if (feature === undefined) return undefined;
    features = { ...features, ...feature };
  }
  return encodeState(features) === key ? features : undefined;
}

function decodePart(part: string): StateFeatures | undefined {
  const separator = part.indexOf('=');
  const name = part.slice(0, separator);
  const text = part.slice(separator + 1);
  if (name === 'load') {
    const load = LOAD_BUCKETS.find((bucket) => bucket === text);
    return load && { load };
  }
  if (name === 'least') return { least: decodeTarget(text) };
  return name === 'peers' ? { peers: decodeTarget(text) } : undefined;
}

function encodeTarget(target: Action | null): string {
  if (target === null) return NONE;
  return target.replaceAll(/[^A-Za-z0-9._/-]/g, (unit) => {
    return `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function decodeTarget(text: string): Action | null {
  if (text === NONE) return null;
  return text.replaceAll(/%([0-9a-f]{4})/g, (_, unit: string) => {
    return String.fromCharCode(Number.parseInt(unit, 16));
  });
}

// SPDX-License-Identifier: Apache-2.0
import type { StoredBaseline, StoredCell } from './statistics.ts';

/*
 * What a shard holds beside placements: what was learned of the number of replicas, what moves
 * cost, and a ledger of what was done. An action stands in the ledger before it is carried out, in
 * a write under the leader's lock, so that no later leader does it again.
 */

/** What was learned of the number of replicas, and the ledger of its changes. */
export interface StoredScaling {
  /** Decisions taken so far; names the next one and so seeds its draw. */
  readonly decisions: number;
  /** Mean reward of an interval, which rewards are compared with. */
  readonly averageReward: number;
  /** state -> `down`, `hold`, `up` -> cell. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, StoredCell>>>>;
  /** Costs of the workload as it was at first, by name. */
  readonly reference: Readonly<Record<string, StoredBaseline>>;
  /** Load of the workload so far, requests per second. */
  readonly load: StoredBaseline;
  /** The last decision; absent = none, or nothing can be learned of it any more. */
  readonly last?: StoredScalingStep | undefined;
  /** When the number of replicas was last seen to change; 0 = never. Milliseconds. */
  readonly changedAt: number;
  /** A change that stands in the ledger and was not seen in the cluster yet. */
  readonly intent?: StoredScalingIntent | undefined;
  /** When we changed it, oldest first; those of about the last hour. */
  readonly changes: readonly number[];
}

/** A decision whose outcome is awaited. */
export interface StoredScalingStep {
  readonly at: number;
  readonly state: string;
  readonly headroom: 'missed' | 'tight' | 'fair' | 'ample' | 'unknown';
  /** Replicas before it. */
  readonly replicas: number;
}

/** A change that is about to be made. */
export interface StoredScalingIntent {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** What moves cost, and the ledger of them. */
export interface StoredMoving {
  /** Moves written into the ledger so far. */
  readonly moves: number;
  readonly startUpJoules: StoredBaseline;
  readonly disturbanceSeconds: StoredBaseline;
  /** Pods that became Ready up to then are counted in the cost. Milliseconds. */
  readonly measuredUntil: number;
  /** A move that stands in the ledger and was not seen in the cluster yet. */
  readonly intent?: StoredMoveIntent | undefined;
  /** When Pods were moved, oldest first; those of about the last hour, and the last one. */
  readonly changes: readonly number[];
}

/** A Pod that is about to be evicted. */
export interface StoredMoveIntent {
  readonly at: number;
  readonly podUid: string;
  readonly podName: string;
  readonly from: string;
  readonly to: string;
}

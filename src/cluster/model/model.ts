// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { StoredMoving, StoredScaling } from './capacity.ts';
import type { StoredAdherence, StoredCircuit, StoredEnforcement } from './enforcement.ts';
import type { StoredSavings, StoredShadow } from './evidence.ts';
import type { Observation } from './observation.ts';
import type { StoredBaseline, StoredCell } from './statistics.ts';

/**
 * What is learned of one workload (or of one tier, as the prior of its new workloads): the
 * content of one PlacementModel object, written by the leader, watched by every replica.
 */
export interface ModelShard {
  readonly namespace: string;
  readonly policy: string;
  /** `Deployment/frontend`, or `Tier/data` for a tier's prior. */
  readonly workload: WorkloadKey;
  /** Rises by one with every write; stands in audit lines and on Pods. */
  readonly version: number;
  /** Rollouts settled so far; drives the epsilon schedule. */
  readonly episodes: number;
  /** state -> action -> cell. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, StoredCell>>>>;
  /** Baselines by load bucket, then by cost name (`joulesPerRequest`, `p99Milliseconds`, ...). */
  readonly baselines: Readonly<Record<string, Readonly<Record<string, StoredBaseline>>>>;
  /** Running load statistics of the workload, requests per second: its own history. */
  readonly load: StoredBaseline;
  /** Default decisions measured so far; below the policy's burn-in the agent only observes. */
  readonly defaultSamples: number;
  /** Decision ids settled, kept while their Pods exist: what makes settling exactly-once. */
  readonly settled: readonly string[];
  /**
   * Decisions taken up to then count as settled whatever their ids, milliseconds since the epoch;
   * absent = there was room for all ids. Ask `settledBy`, which knows both.
   */
  readonly settledUntil?: number | undefined;
  /** Adherence: decisions with a target that landed on it, and all with a target. */
  readonly followed: number;
  readonly asked: number;
  /** The same by target, of about the newest Pods; absent = nothing was asked yet. */
  readonly adherence?: Readonly<Record<string, StoredAdherence>> | undefined;
  /** Escalation and release of required rules; absent = neither ever happened. */
  readonly enforcement?: StoredEnforcement | undefined;
  /** The workload's circuit breaker; absent = nothing ever spoke against it. */
  readonly circuit?: StoredCircuit | undefined;
  /** Evidence against the holdout; absent = no randomised decision was measured yet. */
  readonly savings?: StoredSavings | undefined;
  /** What Shadow decisions met; absent = none was measured yet. */
  readonly shadow?: StoredShadow | undefined;
  /** Number of replicas; absent = the policy never asked for it. */
  readonly scaling?: StoredScaling | undefined;
  /** Moves of running Pods; absent = the policy never asked for them. */
  readonly moving?: StoredMoving | undefined;
  /**
   * Since when no Pod of its workload carries a decision of its policy, milliseconds since the
   * epoch; absent = one does, or no leader has looked yet.
   */
  readonly unusedSince?: number | undefined;
  /** What its last write changed; absent = never written, or by a version that did not say. */
  readonly before?: StoredBefore | undefined;
}

/**
 * What a shard was before its last write, as far as others are learned from it: an episode changes
 * several shards, and a leader may die between two of them. See `src/learner/settling/partial.ts`. Whoever
 * changes one of these tables without settling anything must leave it out.
 */
export interface StoredBefore {
  /** The last write settled so many decisions: the last ones of `settled`. */
  readonly added: number;
  readonly episodes: number;
  readonly defaultSamples: number;
  readonly load: StoredBaseline;
  /** Only the cells that it changed; one that was not there has weight 0. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, StoredCell>>>>;
  /** Only the baselines that it changed; one that was not there has weight 0. */
  readonly baselines: Readonly<Record<string, Readonly<Record<string, StoredBaseline>>>>;
}

/** The published model as the admission path sees it. */
export interface ModelView {
  shard(namespace: string, policy: string, workload: WorkloadKey): ModelShard | undefined;
  observation(namespace: string, policy: string): Observation | undefined;
}

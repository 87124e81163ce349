// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from './workload.ts';

/** One learned cell, as `src/agent/value-table.ts` defines it. */
export interface StoredCell {
  readonly value: number;
  readonly weight: number;
}

/** Running statistics of one cost of the default scheduler; see `src/reward/baseline.ts`. */
export interface StoredBaseline {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

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
  /** Adherence: decisions with a target that landed on it, and all with a target. */
  readonly followed: number;
  readonly asked: number;
}

/** Health of a target's telemetry: only `healthy` may be preferred. */
export type TargetHealth =
  'healthy' | 'absent' | 'stale' | 'not-a-number' | 'zero' | 'fake' | 'absurd';

/** What the learner last saw of one target. */
export interface TargetObservation {
  readonly health: TargetHealth;
  /** Mean CPU utilisation of its nodes, 0..1; undefined = unknown. */
  readonly cpuRatio: number | undefined;
  /** Mean memory utilisation of its nodes, 0..1; undefined = unknown. */
  readonly memoryRatio: number | undefined;
  /** Power of its nodes together; undefined = unknown. */
  readonly watts: number | undefined;
}

/** What the learner last saw of one workload. */
export interface WorkloadObservation {
  /** Load against its own history; undefined = unknown. */
  readonly loadBucket: 'low' | 'normal' | 'high' | undefined;
  /** Workloads it calls or is called by, from Istio. */
  readonly peers: readonly WorkloadKey[];
}

/** Published by the leader beside the shards; read by every replica. */
export interface Observation {
  readonly namespace: string;
  readonly policy: string;
  readonly observedAt: number;
  readonly targets: Readonly<Record<string, TargetObservation>>;
  readonly workloads: Readonly<Record<WorkloadKey, WorkloadObservation>>;
}

/** The published model as the admission path sees it. */
export interface ModelView {
  shard(namespace: string, policy: string, workload: WorkloadKey): ModelShard | undefined;
  observation(namespace: string, policy: string): Observation | undefined;
}

// SPDX-License-Identifier: Apache-2.0
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { ReleaseResult } from '#cluster/actions/release-pod.ts';
import type { OwnerReference } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { SettlementRecord } from '#learner/judging/settlement.ts';

/*
 * What the learner needs of the world, as small as it needs it. The composition root plugs the
 * informers, the model store and the leases in; the demo plugs its own cluster in.
 */

/** The part of the cluster's view the learner reads. */
export type LearnerView = Pick<ClusterView, 'synced' | 'node' | 'nodesByLabel' | 'pods'>;

/**
 * What became of a write. `conflict`: something else stands there than was read. `fenced`: a
 * leader of a later term has written; this one must stop.
 */
export interface WriteResult {
  readonly kind: 'written' | 'conflict' | 'fenced';
}

/** What became of a deletion; see {@link WriteResult}. */
export interface DeleteResult {
  readonly kind: 'deleted' | 'conflict' | 'fenced';
}

/**
 * Where the model lives: the API server, past every cache; `ModelStore` of the cluster room is
 * one. Each method rejects when the API server cannot be reached or refuses; then it is not known
 * whether a write was done, and the next read tells.
 */
export interface ShardStore {
  /** The present content; undefined where there is no such object. */
  readShard(
    namespace: string,
    policy: string,
    workload: WorkloadKey,
  ): Promise<ModelShard | undefined>;
  /** Writes a shard if what stands there has the version before it, and no other write came in. */
  writeShard(shard: ModelShard): Promise<WriteResult>;
  /** Deletes a shard that stands as it was read, if no other write came in. */
  deleteShard(shard: ModelShard): Promise<DeleteResult>;
  /** Replaces the observation of a policy. */
  writeObservation(observation: Observation): Promise<WriteResult>;
}

/** A thing to say on the controller of some Pods, once they are bound. */
export interface PlacementEvent {
  readonly namespace: string;
  readonly owner: OwnerReference;
  /** CamelCase word of the Event. */
  readonly reason:
    | 'PlacementFollowed'
    | 'PlacementNotFollowed'
    | 'PlacementReleased'
    | 'PlacementEscalated'
    | 'PlacementDeEscalated'
    | 'ReplicasRecommended'
    | 'ReplicasChanged'
    | 'PodMoveRecommended'
    | 'PodMoved';
  readonly message: string;
}

/** Where Events go; fire and forget, a lost Event loses nothing. */
export type EventSink = (event: PlacementEvent) => void;

/** What the learner counts; `metrics.ts` implements it for Prometheus. */
export interface LearnerMetrics {
  settled(count: number): void;
  censored(reason: string, count: number): void;
  rejected(reason: string): void;
  conflict(): void;
  publishFailure(): void;
  telemetryFailure(): void;
  /** One tick took so long. */
  tick(seconds: number): void;
  /** Decisions that are neither settled nor censored yet. */
  backlog(count: number): void;
  /** Decisions on living Pods of a policy that is not in force: they wait for it to come back. */
  orphaned(count: number): void;
  /** Workloads whose circuit is open or half open. */
  circuits(open: number): void;
  /** Share of Pods that landed where asked, by topology key; never by workload. */
  adherence(topologyKey: string, followed: number, asked: number): void;
  /** The same by workload and target, of those that were asked most; replaces what was told before. */
  workloadAdherence(rows: readonly WorkloadAdherence[]): void;
  /** Workloads whose target is required, and those that cool off after a release. */
  enforced(required: number, released: number): void;
  /** A stuck Pod was to be evicted. */
  eviction(result: ReleaseResult | 'failed'): void;
}

/** Adherence of one workload to one target. */
export interface WorkloadAdherence {
  readonly namespace: string;
  readonly workload: WorkloadKey;
  readonly target: string;
  /** 0..1. */
  readonly ratio: number;
}

/** The little of a logger the learner uses; pino has it. */
export interface LearnerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Told of each decision that is settled, censored or discarded: the audit log. */
export type SettlementListener = (record: SettlementRecord) => void;

// SPDX-License-Identifier: Apache-2.0
import type { SigningKey } from '#cluster/decision/signature.ts';
import type { ModelView } from '#cluster/model/model.ts';
import type { PolicyView } from '#cluster/policy/policy.ts';
import type { CapacityMetrics } from '#learner/capacity/metrics.ts';
import type { CapacityPort } from '#learner/capacity/ports.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import type { EnforcementRecord, ReleasePort } from '#learner/enforcement/enforcing.ts';
import type { EpisodeLimits } from '#learner/episodes/episodes.ts';
import type { ForgettingOptions } from '#learner/forgetting/forget.ts';
import type { Sources } from '#learner/readings/telemetry-window.ts';
import type {
  EventSink,
  LearnerLogger,
  LearnerMetrics,
  LearnerView,
  SettlementListener,
  ShardStore,
} from '#learner/tick/ports.ts';
import type { PolicyStatusPort } from './policy-reports.ts';

/**
 * Everything a learner is made from. It keeps no state that a new leader would miss; make one for
 * each term of leadership, with the store of that term.
 */
export interface LearnerOptions extends Sources {
  readonly view: LearnerView;
  /** Names of the namespaces that opted in. */
  readonly namespaces: () => Iterable<string>;
  readonly policies: PolicyView;
  /** The model as the watch last saw it. */
  readonly models: ModelView;
  readonly store: ShardStore;
  /** The present key first, then the former ones. */
  readonly decisionKeys: SigningKey | readonly SigningKey[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Asked before every write. */
  readonly isLeader: () => boolean;
  readonly logger: LearnerLogger;
  readonly metrics: LearnerMetrics;
  readonly onSettled?: SettlementListener | undefined;
  readonly onEvent?: EventSink | undefined;
  /** Told of escalations, releases and evictions: the audit log. */
  readonly onEnforcement?: ((record: EnforcementRecord) => void) | undefined;
  /** Evicts Pods that a required target keeps Pending; undefined = nobody does. */
  readonly releasePod?: ReleasePort | undefined;
  /** Replicas and running Pods; undefined = neither is looked at, whatever policies say. */
  readonly capacity?: CapacityOptions | undefined;
  /** When shards without Pods are deleted; undefined = none is looked at. */
  readonly forgetting?: ForgettingOptions | undefined;
  /** Where conditions of policies are written; undefined = nowhere. */
  readonly policyStatus?: PolicyStatusPort | undefined;
  readonly limits?: Partial<EpisodeLimits> | undefined;
  /** Telemetry that does not answer so long after a window is given up. Default 3600. */
  readonly giveUpSeconds?: number | undefined;
  /** An observation that says nothing new is renewed after so long. Default 30. */
  readonly observationSeconds?: number | undefined;
  /** Episodes settled in one tick at most; the rest waits for the next. Default 64. */
  readonly episodesPerTick?: number | undefined;
}

/** What scaling and rebalancing need beside the learner's own. */
export interface CapacityOptions {
  readonly port: CapacityPort;
  readonly metrics: CapacityMetrics;
  /** Told of every decision: the audit log. */
  readonly onRecord?: ((record: CapacityRecord) => void) | undefined;
}

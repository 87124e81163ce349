// SPDX-License-Identifier: Apache-2.0
import type { Load } from '#simulator/application/load.ts';

/** Clusters of the demo. */
export const CLUSTERS = ['seed', 'mixed'] as const;
export type ClusterName = (typeof CLUSTERS)[number];

/** Scenarios in the order of the table. */
export const SCENARIOS = ['default', 'split', 'data-pinned', 'agent'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** One seed on one cluster: the work of one process. */
export interface Job {
  readonly cluster: ClusterName;
  readonly seed: number;
  /** Rollouts that the agent learns from. */
  readonly rollouts: number;
  /** How the application is driven. */
  readonly load: Load;
  /** File of this run's audit log. */
  readonly auditPath: string;
}

/** What a scenario achieved in the windows that count, means over them. */
export interface Achievement {
  /** Completed user requests per second. */
  readonly throughput: number;
  readonly p99Milliseconds: number;
  /** Energy of all nodes, idle ones included, by completed request. */
  readonly joulesPerRequest: number;
}

/** What one job found out. */
export interface JobResult {
  readonly job: Job;
  readonly scenarios: Readonly<Record<ScenarioName, Achievement>>;
  /** The agent's achievement in every learning rollout. */
  readonly learning: readonly Achievement[];
  /** Pods that landed where they were asked to, and Pods that were asked. */
  readonly followed: number;
  readonly asked: number;
  /** Decisions by reason. */
  readonly decisions: Readonly<Record<string, number>>;
  readonly settled: number;
  readonly censored: Readonly<Record<string, number>>;
}

/** Lines that a job's process writes for its parent. */
export type JobMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly label: string }
  | { readonly kind: 'result'; readonly result: JobResult };

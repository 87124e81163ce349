// SPDX-License-Identifier: Apache-2.0
import type { Assignment } from './oracle.ts';

/** Schedulers by the names of the command line; hand-made templates come as `template:NAME`. */
export const SCHEDULERS = [
  'default',
  'split',
  'data-pinned',
  'data-pinned-data-first',
  'data-pinned-business-first',
  'most-allocated',
  'random',
  'peaks',
  'tlp',
  'joulie',
  'co-located',
  'oracle',
  'agent',
] as const;

/** Before the name of a template. */
export const TEMPLATE_PREFIX = 'template:';

/** One seed of one specification: the work of one process. */
export interface SimulateJob {
  /** File of the specification. */
  readonly spec: string;
  readonly seed: number;
  readonly schedulers: readonly string[];
  /** Rollouts to learn from, and those that are measured. */
  readonly rollouts: number;
  readonly measured: number;
  /** What the search found; undefined where nobody asked for it. */
  readonly oracle: Assignment | undefined;
}

/** One window of the whole application. */
export interface WindowFigures {
  /** Completed requests per second. */
  readonly throughput: number;
  /** Undefined without a completed request. */
  readonly p50Milliseconds: number | undefined;
  readonly p99Milliseconds: number | undefined;
  readonly joulesPerRequest: number | undefined;
  /** All nodes together. */
  readonly watts: number;
  readonly crossNodeCallsPerRequest: number | undefined;
  /** Share of failed requests, 0..1. */
  readonly failedShare: number;
  /** 1 = like the default scheduler; what regret is counted in. */
  readonly cost: number;
  readonly sloBreached: boolean;
}

/** One scheduler under one seed. */
export interface SchedulerRun {
  readonly scheduler: string;
  readonly windows: readonly WindowFigures[];
  /** Windows it learned from; empty for a scheduler that does not learn. */
  readonly learning: readonly WindowFigures[];
  /** Pods asked to prefer a target, and those that landed there; 0 for other schedulers. */
  readonly asked: number;
  readonly followed: number;
  /** Decisions by reason; empty for other schedulers. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Pods that found no node, over all measured windows. */
  readonly pending: number;
}

/** What one job found out. */
export interface SimulateJobResult {
  readonly seed: number;
  readonly runs: readonly SchedulerRun[];
}

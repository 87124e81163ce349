// SPDX-License-Identifier: Apache-2.0

/**
 * What one placement cost over one window, as plain numbers. `undefined` is "not known", for
 * whatever reason (absent, stale, fake, NaN, too few samples); it is never the same as 0.
 * All of them must describe the same window.
 */
export interface Outcome {
  /** Energy charged to the Pod by the policy's accounting, joules. */
  readonly joules: number | undefined;
  /** What that energy stands for in CO2 equivalents; asked for only where the policy counts it. */
  readonly gramsCo2e?: number | undefined;
  /** Completed requests, failed ones included. */
  readonly requests: number | undefined;
  /** 99th percentile of latency, milliseconds. */
  readonly p99Milliseconds: number | undefined;
  /** Share of failed requests, 0..1. */
  readonly errorRatio: number | undefined;
  /** CPU utilisation of where it landed, 0..1. */
  readonly cpuRatio: number | undefined;
  /** Memory utilisation of where it landed, 0..1. */
  readonly memoryRatio: number | undefined;
  /** Why something is not known, by field; only for the explanation of a censored outcome. */
  readonly reasons?: Readonly<Partial<Record<OutcomeField, string>>> | undefined;
}

/** The measured fields of an {@link Outcome}. */
export type OutcomeField =
  | 'joules'
  | 'gramsCo2e'
  | 'requests'
  | 'p99Milliseconds'
  | 'errorRatio'
  | 'cpuRatio'
  | 'memoryRatio';

// SPDX-License-Identifier: Apache-2.0
import type { MissingReason } from '#telemetry/reading/reading.ts';

/** Why a decision taught nothing. */
export type CensorReason =
  /** The Pod never served: not bound or not Ready within the patience limit. */
  | 'never-ready'
  /** The Pod ran to its end (a Job) before it could be measured. */
  | 'pod-finished'
  /** The Pod was taken away before the window ended. */
  | 'pod-gone'
  /** The same workload was rolled out again inside the window. */
  | 'rolled-again'
  /** The node it landed on is unknown or carries no value of the topology key. */
  | 'landed-nowhere'
  /** A baseline of the default scheduler under this load is not there yet. */
  | 'no-baseline'
  /** Fewer requests than the policy asks for. */
  | 'too-few-requests'
  /** The sources did not answer for the window, and it is too old to ask again. */
  | 'telemetry-unavailable'
  /** A reading is missing, and what is the matter with it. */
  | MissingReason
  /** All readings are there, but what they say of energy or latency makes no sense together. */
  | 'no-energy'
  | 'no-latency';

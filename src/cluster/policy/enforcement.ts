// SPDX-License-Identifier: Apache-2.0

/** When a Pod that a required rule of ours keeps Pending is given back to the scheduler. */
export interface ReleaseSpec {
  /** A Pod that is not bound so long after its creation is released. */
  readonly afterSeconds: number;
  /** So long after a release nothing is required for the workload; doubled with each further one. */
  readonly coolingOffSeconds: number;
  /** Pods evicted at most per namespace and hour. */
  readonly evictionsPerHour: number;
}

/** When a preference that the scheduler does not follow becomes a required rule (mode Prefer). */
export interface EscalationSpec {
  readonly mode: 'Enabled' | 'Disabled';
  /** Escalates below this share of Pods that landed where asked. */
  readonly adherencePercent: number;
  /** Pods that must have been asked before the share counts. */
  readonly minimumPods: number;
  /** So long a workload stays escalated before a preference is tried again. */
  readonly holdSeconds: number;
}

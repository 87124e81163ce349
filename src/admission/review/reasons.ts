// SPDX-License-Identifier: Apache-2.0

/**
 * Every reason for leaving a Pod alone. The words are stable: they are values of a metric label,
 * stand in audit lines and are documented in `docs/reference/admission.md`.
 */
export const SKIP_REASONS = [
  'not-a-pod',
  'subresource',
  'not-create',
  'own-namespace',
  'kube-system',
  'mirror-pod',
  'static-pod',
  'daemon-set',
  'node-name-set',
  'other-scheduler',
  'opted-out',
  'not-synced',
  'namespace-not-opted-in',
  'policy-off',
  'already-decided',
  'shadow',
  'outside-canary',
] as const;

/** See {@link SKIP_REASONS}. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Every reason for answering without a patch because something went wrong. */
export const FAILURE_REASONS = ['deadline', 'patch-unsafe', 'unreadable-pod', 'internal'] as const;

/** See {@link FAILURE_REASONS}. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** Why a target can not be chosen for a Pod. */
export const INFEASIBLE_REASONS = [
  'no-such-target',
  'not-measured',
  'not-ready',
  'unschedulable',
  'not-tolerated',
  'node-selector',
  'node-affinity',
  'volume',
  'anti-affinity',
  'affinity',
  'no-room',
  'no-headroom',
] as const;

/** See {@link INFEASIBLE_REASONS}. */
export type InfeasibleReason = (typeof INFEASIBLE_REASONS)[number];

/** Why a decision that came with the Pod does not count. */
export const REPLACED_REASONS = ['forged', 'stale', 'copied', 'incomplete'] as const;

/** See {@link REPLACED_REASONS}. */
export type ReplacedReason = (typeof REPLACED_REASONS)[number];

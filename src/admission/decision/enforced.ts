// SPDX-License-Identifier: Apache-2.0
import type { StoredEnforcement } from '#cluster/model/enforcement.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { OwnerReference } from '#cluster/objects/slim.ts';

/**
 * Controllers that make a new Pod in place of an evicted one at no cost to anybody. A Job counts it
 * as a failure, and of others it is not known what they do; their Pods get a preference.
 */
const REMAKING: readonly (readonly [group: string, kind: string])[] = [
  ['apps', 'ReplicaSet'],
  ['apps', 'StatefulSet'],
  ['', 'ReplicationController'],
];

/** Whether the Pod's controller makes a new one when the Pod is evicted before it ran. */
export function isRemade(owner: OwnerReference | undefined): boolean {
  if (owner === undefined) return false;
  const { apiVersion, kind } = owner;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return REMAKING.some(([of, name]) => group === of && kind === name);
}

/**
 * Whether a target is required of the Pod instead of preferred: by the policy's mode, or because
 * the workload is escalated; never while it is released, and never where nobody would make the Pod
 * again once it is evicted.
 */
export function isRequired(
  spec: Pick<PolicySpec, 'mode' | 'escalation'>,
  enforcement: StoredEnforcement | undefined,
  owner: OwnerReference | undefined,
  now: number,
): boolean {
  if (!isRemade(owner)) return false;
  if (enforcement !== undefined && now < enforcement.releasedUntil) return false;
  if (spec.mode === 'Require') return true;
  const escalated = enforcement !== undefined && enforcement.escalatedAt > 0;
  return spec.mode === 'Prefer' && spec.escalation.mode === 'Enabled' && escalated;
}

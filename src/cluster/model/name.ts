// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { API_GROUP } from '#cluster/api/resources.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';

/** Label of every PlacementModel: the policy it belongs to (cut and hashed where too long). */
export const POLICY_LABEL = `${API_GROUP}/policy`;
/** Label of every PlacementModel: `shard` or `observation`. */
export const MODEL_LABEL = `${API_GROUP}/model`;

/** Kinds whose lower-case name is theirs alone, so that the plain name cannot collide. */
const PLAIN_KINDS = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Pod',
  'Rollout',
  'Tier',
]);
const PLAIN_PART = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Names are DNS subdomains: at most 253 characters. */
const NAME_CHARACTERS = 253;
const LABEL_CHARACTERS = 63;
const HASH_CHARACTERS = 16;

/**
 * Object name of a workload's shard, for example `default.deployment.frontend`. Where parts hold
 * dots or are too long the name is shortened and ends in a hash of the exact parts, so that two
 * workloads never share an object.
 */
export function shardName(policy: string, workload: WorkloadKey): string {
  const slash = workload.indexOf('/');
  const kind = workload.slice(0, slash);
  const name = workload.slice(slash + 1);
  const plain = `${policy}.${kind.toLowerCase()}.${name}`;
  const fits = plain.length <= NAME_CHARACTERS && PLAIN_PART.test(policy) && PLAIN_PART.test(name);
  if (fits && PLAIN_KINDS.has(kind)) return plain;
  return [slug(policy, 60), slug(kind, 40), slug(name, 100), hash(policy, workload)].join('.');
}

/** Object name of a policy's observation, for example `default.observation`. */
export function observationName(policy: string): string {
  if (PLAIN_PART.test(policy) && policy.length <= 63) return `${policy}.observation`;
  return `${slug(policy, 60)}.observation.${hash(policy)}`;
}

/** Labels of a PlacementModel, for listing. */
export function modelLabels(
  policy: string,
  model: 'shard' | 'observation',
): Record<string, string> {
  const value =
    policy.length <= LABEL_CHARACTERS
      ? policy
      : `${slug(policy, LABEL_CHARACTERS - HASH_CHARACTERS - 1)}-${hash(policy)}`;
  return {
    'app.kubernetes.io/managed-by': 'perihelion',
    [POLICY_LABEL]: value,
    [MODEL_LABEL]: model,
  };
}

/** A DNS label that reminds of `text`; never empty. */
function slug(text: string, characters: number): string {
  const cleaned = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, characters)
    .replace(/^-+|-+$/g, '');
  return cleaned === '' ? 'x' : cleaned;
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_CHARACTERS);
}

// SPDX-License-Identifier: Apache-2.0
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import { labelAt } from '#cluster/objects/selector-match.ts';
import type { OwnerReference } from '#cluster/objects/slim.ts';
import type { ClusterView } from '#cluster/mirror/view.ts';
import { workloadKey, type Workload } from '#cluster/objects/workload.ts';

/** Longest chain of controllers that is followed; real ones have two links. */
const DEPTH_LIMIT = 5;

/** Kind under which the priors of tiers are kept; no controller has it. */
const TIER_KIND = 'Tier';

/** Label that Argo Rollouts puts on its Pods in place of `pod-template-hash`. */
const ROLLOUT_HASH_LABEL = 'rollouts-pod-template-hash';
const TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** CronJobs name their Jobs `<name>-<scheduled time in minutes>` (seconds in old versions). */
const CRON_SUFFIX = /^(.+)-\d{8,10}$/;

/** What of a Pod says who controls it. */
export interface OwnedPod {
  readonly namespace: string;
  readonly name: string;
  readonly generateName?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: OwnerReference | undefined;
}

/**
 * The workload of a Pod: the top of its chain of controllers. An owner that the informer has not
 * seen yet is normal at CREATE, so the name is taken apart instead of being looked up.
 */
export function workloadOf(pod: OwnedPod, view: Pick<ClusterView, 'owner'>): Workload {
  const { owner, namespace } = pod;
  if (owner === undefined) return { kind: 'Pod', namespace, name: barePodName(pod) };
  let { kind, name } = owner;
  for (let depth = 0; depth < DEPTH_LIMIT; depth += 1) {
    const known = view.owner(kind, namespace, name);
    const above = known === undefined ? guessed(kind, name, pod.labels) : known.owner;
    if (above === undefined) break;
    ({ kind, name } = above);
  }
  const fits = workloadKey({ kind, name }).length <= MODEL_LIMITS.workloadCharacters;
  // `Tier/…` is the key of a tier's prior; nobody else's controller may write into it. And the API server
  // bounds no name of an owner: one that no model can hold would keep the whole namespace from being written.
  if (kind === TIER_KIND || !fits) return { kind: 'Pod', namespace, name: barePodName(pod) };
  return { kind, namespace, name };
}

/** The controller above one that the informer does not know, from naming rules. */
function guessed(
  kind: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): Pick<OwnerReference, 'kind' | 'name'> | undefined {
  if (kind === 'ReplicaSet') {
    const rollout = stem(name, labelAt(labels, ROLLOUT_HASH_LABEL));
    if (rollout !== undefined) return { kind: 'Rollout', name: rollout };
    const deployment = stem(name, labelAt(labels, TEMPLATE_HASH_LABEL));
    if (deployment !== undefined) return { kind: 'Deployment', name: deployment };
  }
  const cron = kind === 'Job' ? CRON_SUFFIX.exec(name)?.[1] : undefined;
  return cron === undefined ? undefined : { kind: 'CronJob', name: cron };
}

/** The name before `-<hash>`; undefined if it does not end so. */
function stem(name: string, hash: string | undefined): string | undefined {
  if (hash === undefined || hash === '') return undefined;
  const suffix = `-${hash}`;
  return name.length > suffix.length && name.endsWith(suffix)
    ? name.slice(0, -suffix.length)
    : undefined;
}

/** Pods made from one `generateName` are one workload; a name of its own is one alone. */
function barePodName(pod: OwnedPod): string {
  const generated = pod.generateName ?? '';
  if (generated === '') return pod.name;
  const trimmed = generated.replace(/-+$/, '');
  return trimmed === '' ? generated : trimmed;
}

// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import { asObject, asObjects, asText, asTextMap, type JsonObject } from '#cluster/wire/json.ts';

/** A Pod to be released, as the watch last showed it. */
export interface StuckPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly decisionId: string;
}

/**
 * What became of it. `evicted`: it is gone, and its controller makes another. `bound`, `gone`,
 * `changed`: it needs none of it any more, or is another Pod. `waiting`: the scheduler did not say
 * that it fits nowhere, or makes room for it. `refused`: not allowed, or not now.
 */
export const RELEASE_RESULTS = [
  'evicted',
  'bound',
  'gone',
  'changed',
  'waiting',
  'refused',
] as const;

/** See {@link RELEASE_RESULTS}. */
export type ReleaseResult = (typeof RELEASE_RESULTS)[number];

/** Why a Pod as the API server has it now is not to be evicted; undefined = it is. */
export function reasonToKeep(raw: JsonObject, stuck: StuckPod): ReleaseResult | undefined {
  const metadata = asObject(raw['metadata']);
  const spec = asObject(raw['spec']);
  const status = asObject(raw['status']);
  const annotations = asTextMap(metadata['annotations']);
  const same =
    metadata['uid'] === stuck.uid && annotations[DECISION_ANNOTATIONS.id] === stuck.decisionId;
  if (!same) return 'changed';
  if (metadata['deletionTimestamp'] !== undefined) return 'gone';
  if (asText(spec['nodeName']) !== '') return 'bound';
  const unschedulable = asObjects(status['conditions']).some(
    ({ type, status: is, reason }) =>
      type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
  );
  const gated = asObjects(spec['schedulingGates']).length > 0;
  // Lower-priority Pods are being taken away for it: it will fit in a moment.
  const nominated = asText(status['nominatedNodeName']) !== '';
  return unschedulable && !gated && !nominated ? undefined : 'waiting';
}

/**
 * Evicts a Pod that was never bound. It is read again past every cache, and the eviction holds only
 * for that version of it: a Pod that is bound between the two is another version, and stays. The
 * Eviction API and not a deletion, since that right cannot take a running Pod away from its budget.
 * @throws KubernetesError when it is not known what became of it
 */
export async function releasePod(
  api: Pick<KubeApi, 'get' | 'create'>,
  stuck: StuckPod,
): Promise<ReleaseResult> {
  const { namespace, name, uid } = stuck;
  try {
    const raw = await api.get(resourcePath(RESOURCES.pods, { namespace, name }));
    const keep = reasonToKeep(raw, stuck);
    if (keep !== undefined) return keep;
    const { resourceVersion } = asObject(raw['metadata']);
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      deleteOptions: { preconditions: { uid, resourceVersion } },
    };
    const path = resourcePath(RESOURCES.pods, { namespace, name, subresource: 'eviction' });
    // Asked once: the next tick asks again, of the Pod as it is then.
    await api.create(path, body, { retries: 0 });
    return 'evicted';
  } catch (error) {
    if (KubernetesError.is(error, 404)) return 'gone';
    if (KubernetesError.is(error, 409)) return 'changed';
    if (KubernetesError.is(error, 403) || KubernetesError.is(error, 429)) return 'refused';
    throw error;
  }
}

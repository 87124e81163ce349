// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';

/** What became of an eviction. */
export type Eviction =
  | { readonly kind: 'evicted' }
  /** A PodDisruptionBudget does not allow it now. */
  | { readonly kind: 'refused'; readonly why: string }
  /** That Pod is not there any more. */
  | { readonly kind: 'gone' };

/**
 * Evicts exactly this Pod, through the Eviction API, so that PodDisruptionBudgets hold and its
 * grace period is kept. Asked once: a refusal is an answer, not a thing to insist on.
 * @throws KubernetesError for every failure that is none of {@link Eviction}
 */
export async function evictPod(
  api: Pick<KubeApi, 'create'>,
  pod: { readonly namespace: string; readonly name: string; readonly uid: string },
): Promise<Eviction> {
  const { namespace, name, uid } = pod;
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  };
  const path = resourcePath(RESOURCES.pods, { namespace, name, subresource: 'eviction' });
  try {
    await api.create(path, body, { retries: 0 });
    return { kind: 'evicted' };
  } catch (error) {
    if (KubernetesError.is(error, 429)) return { kind: 'refused', why: error.message };
    if (KubernetesError.is(error, 404) || KubernetesError.is(error, 409)) return { kind: 'gone' };
    throw error;
  }
}

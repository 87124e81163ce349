// SPDX-License-Identifier: Apache-2.0
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { findAutoscalers } from '#cluster/actions/autoscalers.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import { listDisruptionBudgets } from '#cluster/actions/disruption-budgets.ts';
import { evictPod } from '#cluster/actions/eviction.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { ScaleClient } from '#cluster/actions/scale.ts';
import type { CapacityPort } from '#learner/capacity/ports.ts';
import { createPreview, type PreviewOptions } from './preview.ts';

/**
 * The cluster as scaling and rebalancing need it. Every call is made when it is needed, by the
 * leader, so that the rights for it may be missing where no policy asks for either.
 */
export function capacityPort(
  client: Pick<KubeClient, 'get' | 'create' | 'update'>,
  options: PreviewOptions,
): CapacityPort {
  const scales = new ScaleClient(client);
  return {
    autoscalers: (namespace) => findAutoscalers(client, namespace),
    budgets: (namespace) => listDisruptionBudgets(client, namespace),
    readScale: (target) => scales.read(target),
    writeScale: (target, read, replicas) => scales.write(target, read, replicas),
    pod: async (namespace, name) => {
      try {
        return await client.get(resourcePath(RESOURCES.pods, { namespace, name }));
      } catch (error) {
        if (KubernetesError.is(error, 404)) return undefined;
        throw error;
      }
    },
    evict: (pod) => evictPod(client, pod),
    preview: createPreview(options),
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { resourcePath, type Resource } from '#cluster/api/resources.ts';
import { workloadKey, type WorkloadKey } from '#cluster/objects/workload.ts';
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';

/** Who owns the size of which workloads of a namespace, for example `HorizontalPodAutoscaler/web`. */
export type AutoscalerOwners =
  | { readonly kind: 'known'; readonly owners: ReadonlyMap<WorkloadKey, string> }
  /** It could not be found out; then any workload may have an owner. */
  | { readonly kind: 'unknown'; readonly why: string };

interface Autoscaler {
  readonly kind: string;
  readonly resource: Resource;
  /** What it scales; undefined = nothing. */
  readonly targetOf: (spec: JsonObject) => JsonObject | undefined;
}

const AUTOSCALERS: readonly Autoscaler[] = [
  {
    kind: 'HorizontalPodAutoscaler',
    resource: { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' },
    targetOf: (spec) => asObject(spec['scaleTargetRef']),
  },
  {
    kind: 'ScaledObject',
    resource: { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledobjects' },
    // KEDA scales a Deployment where no kind is named.
    targetOf: (spec) => ({ kind: 'Deployment', ...asObject(spec['scaleTargetRef']) }),
  },
  {
    kind: 'VerticalPodAutoscaler',
    resource: { group: 'autoscaling.k8s.io', version: 'v1', plural: 'verticalpodautoscalers' },
    // In mode Off it only advises, as we would.
    targetOf: (spec) =>
      asObject(spec['updatePolicy'])['updateMode'] === 'Off'
        ? undefined
        : asObject(spec['targetRef']),
  },
];

/**
 * Asks the API server which workloads of a namespace something else scales already: a
 * HorizontalPodAutoscaler, KEDA's ScaledObject or a VerticalPodAutoscaler. A custom resource that
 * is not installed has no objects; any other failure leaves it unknown. Never throws for what the
 * API server answers.
 */
export async function findAutoscalers(
  api: Pick<KubeApi, 'get'>,
  namespace: string,
): Promise<AutoscalerOwners> {
  const owners = new Map<WorkloadKey, string>();
  for (const { kind, resource, targetOf } of AUTOSCALERS) {
    let items: JsonObject[];
    try {
      items = asObjects((await api.get(resourcePath(resource, { namespace })))['items']);
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.status === 404) continue;
      return { kind: 'unknown', why: error.message };
    }
    for (const item of items) {
      const target = targetOf(asObject(item['spec']));
      if (target === undefined) continue;
      const workload = { kind: asText(target['kind']), name: asText(target['name']) };
      owners.set(workloadKey(workload), `${kind}/${asText(asObject(item['metadata'])['name'])}`);
    }
  }
  return { kind: 'known', owners };
}

// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import { matchesSelector } from '#simulator/kube/selectors.ts';
import type { Registry, DeleteOptions } from './registry.ts';
import { findResource, type Resource } from './resources.ts';
import { badRequest, conflict, MODIFIED, noSuchPath, notFound, StatusError } from './status.ts';
import type { Store } from './store.ts';

/** Plurals of group `apps` that have a `scale` subresource. */
const SCALABLE: ReadonlySet<string> = new Set(['deployments', 'statefulsets', 'replicasets']);

/** The `scale` and `eviction` subresources, with the rules of the real API server. */
export class CapacityRoutes {
  readonly #store: Store;
  readonly #registry: Registry;

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** The `autoscaling/v1` Scale of a workload. @throws StatusError 404 */
  readScale(resource: Resource, namespace: string, name: string): KubeObject {
    if (resource.group !== 'apps' || !SCALABLE.has(resource.plural)) throw noSuchPath();
    const object = this.#store.get(resource, namespace, name);
    if (object === undefined) throw notFound(resource, name);
    return scaleOf(object);
  }

  /**
   * Changes `spec.replicas` of a workload, of the version that the Scale names if it names one.
   * @throws StatusError 400, 404, 409
   */
  writeScale(resource: Resource, namespace: string, name: string, scale: KubeObject): KubeObject {
    const { resourceVersion } = this.readScale(resource, namespace, name).metadata;
    const asked = scale.metadata.resourceVersion;
    if (asked !== undefined && asked !== '' && asked !== resourceVersion) {
      throw conflict(resource, name, MODIFIED);
    }
    const replicas = scale.spec?.['replicas'] ?? 0;
    if (!Number.isInteger(replicas) || (replicas as number) < 0) {
      throw badRequest('spec.replicas: must be a whole number, 0 or more');
    }
    const changed = this.#registry.update(resource, namespace, name, {
      part: 'object',
      apply: (current) => ({ ...current, spec: { ...current.spec, replicas } }),
    });
    return scaleOf(changed);
  }

  /**
   * Evicts a Pod, unless a PodDisruptionBudget over it lets no Pod go. Healthy Pods are counted as
   * they stand, where the real server asks the status that its controller keeps.
   * @throws StatusError 404, 409 (other UID), 429 (budget)
   */
  evict(namespace: string, name: string, body: KubeObject): KubeObject {
    const pods = served('', 'pods');
    const pod = this.#store.get(pods, namespace, name);
    if (pod === undefined) throw notFound(pods, name);
    const options = (body['deleteOptions'] ?? {}) as DeleteOptions & {
      readonly preconditions?: { readonly uid?: string };
    };
    const uid = options.preconditions?.uid;
    const budgets = this.#store
      .list(served('policy', 'poddisruptionbudgets'), namespace)
      .filter((budget) => matches(budget, pod));
    // A Pod that is not Ready is missing already: taking it away disrupts nothing more.
    for (const budget of isReady(pod) ? budgets : []) {
      if (this.#allowed(budget, namespace) > 0) continue;
      throw new StatusError(
        429,
        'TooManyRequests',
        `Cannot evict pod as it would violate the pod's disruption budget ${budget.metadata.name}.`,
      );
    }
    this.#registry.delete(pods, namespace, name, {
      ...(uid === undefined ? {} : { uid }),
      ...(options.gracePeriodSeconds === undefined
        ? {}
        : { gracePeriodSeconds: options.gracePeriodSeconds }),
    });
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: { value: 'Success' } };
  }

  #allowed(budget: KubeObject, namespace: string): number {
    const pods = this.#store
      .list(served('', 'pods'), namespace)
      .filter((pod) => matches(budget, pod));
    const healthy = pods.filter(isReady).length;
    const { minAvailable, maxUnavailable } = budget.spec ?? {};
    const amount = (value: unknown): number =>
      typeof value === 'number'
        ? value
        : Math.ceil((Number(String(value).replace('%', '')) / 100) * pods.length);
    const desired =
      maxUnavailable === undefined
        ? amount(minAvailable ?? 0)
        : pods.length - amount(maxUnavailable);
    return healthy - desired;
  }
}

function scaleOf(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: JSON.parse(
      JSON.stringify({ name, namespace, uid, resourceVersion, creationTimestamp }),
    ) as KubeObject['metadata'],
    spec: { replicas: object.spec?.['replicas'] ?? 1 },
    status: { replicas: object.status?.['replicas'] ?? 0 },
  };
}

function served(group: string, plural: string): Resource {
  const resource = findResource(group, plural);
  if (resource === undefined) throw new Error(`resource table lacks ${plural}`);
  return resource;
}

function matches(budget: KubeObject, pod: KubeObject): boolean {
  const selector = budget.spec?.['selector'] as Parameters<typeof matchesSelector>[1];
  const deleting = pod.metadata.deletionTimestamp !== undefined;
  return !deleting && matchesSelector(pod.metadata.labels ?? {}, selector);
}

function isReady(pod: KubeObject): boolean {
  const conditions = (pod.status?.['conditions'] ?? []) as { type: string; status: string }[];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

// SPDX-License-Identifier: Apache-2.0

/** One resource that the embedded API server serves. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** `metadata.generation` rises when the spec changes. */
  readonly generation: boolean;
  /** There is a `/status` subresource: writes to the object leave the status alone. */
  readonly status: boolean;
  /** A custom resource that counts as installed once there is an object of it. */
  readonly optional?: boolean;
}

const CORE = { group: '', version: 'v1', namespaced: true, generation: false, status: false };
const APPS = { group: 'apps', version: 'v1', namespaced: true, generation: true, status: true };
const OURS = {
  group: 'perihelion.dev',
  version: 'v1alpha1',
  namespaced: true,
  generation: true,
  status: true,
};

/** Everything that is served. */
export const RESOURCES: readonly Resource[] = [
  { ...CORE, plural: 'nodes', kind: 'Node', namespaced: false, status: true },
  { ...CORE, plural: 'namespaces', kind: 'Namespace', namespaced: false, status: true },
  { ...CORE, plural: 'pods', kind: 'Pod', status: true },
  { ...CORE, plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', status: true },
  {
    ...CORE,
    plural: 'persistentvolumes',
    kind: 'PersistentVolume',
    namespaced: false,
    status: true,
  },
  { ...CORE, plural: 'configmaps', kind: 'ConfigMap' },
  { ...CORE, plural: 'secrets', kind: 'Secret' },
  { ...CORE, plural: 'services', kind: 'Service', status: true },
  { ...CORE, plural: 'events', kind: 'Event' },
  { ...APPS, plural: 'replicasets', kind: 'ReplicaSet' },
  { ...APPS, plural: 'deployments', kind: 'Deployment' },
  { ...APPS, plural: 'statefulsets', kind: 'StatefulSet' },
  { ...APPS, plural: 'daemonsets', kind: 'DaemonSet' },
  { ...APPS, group: 'batch', plural: 'jobs', kind: 'Job' },
  { ...APPS, group: 'batch', plural: 'cronjobs', kind: 'CronJob' },
  { ...CORE, group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease' },
  { ...CORE, group: 'events.k8s.io', plural: 'events', kind: 'Event' },
  {
    ...CORE,
    group: 'admissionregistration.k8s.io',
    plural: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
    namespaced: false,
    generation: true,
  },
  { ...APPS, group: 'policy', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
  {
    ...APPS,
    group: 'autoscaling',
    version: 'v2',
    plural: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
  },
  {
    ...OURS,
    group: 'keda.sh',
    plural: 'scaledobjects',
    kind: 'ScaledObject',
    optional: true,
  },
  {
    ...OURS,
    group: 'autoscaling.k8s.io',
    version: 'v1',
    plural: 'verticalpodautoscalers',
    kind: 'VerticalPodAutoscaler',
    optional: true,
  },
  { ...OURS, plural: 'placementpolicies', kind: 'PlacementPolicy' },
  { ...OURS, plural: 'placementmodels', kind: 'PlacementModel' },
];

/** `v1`, `apps/v1`, ... */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Finds a resource by group and plural. */
export function findResource(group: string, plural: string): Resource | undefined {
  return RESOURCES.find((resource) => resource.group === group && resource.plural === plural);
}

/** Finds the resource of an object by its apiVersion and kind. */
export function resourceOfKind(apiVersion: string, kind: string): Resource | undefined {
  return RESOURCES.find(
    (resource) => apiVersionOf(resource) === apiVersion && resource.kind === kind,
  );
}

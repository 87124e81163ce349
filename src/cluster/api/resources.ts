// SPDX-License-Identifier: Apache-2.0
import { PREFIX } from '#cluster/decision/decision.ts';

/** API group of the product's own resources. */
export const API_GROUP = PREFIX;

/** Their served and stored version. */
export const API_VERSION = 'v1alpha1';

/** `apiVersion` of their objects. */
export const GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

/** A resource of the API server. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case: the path segment. */
  readonly plural: string;
}

/** Every resource in use. */
export const RESOURCES = {
  nodes: { group: '', version: 'v1', plural: 'nodes' },
  pods: { group: '', version: 'v1', plural: 'pods' },
  namespaces: { group: '', version: 'v1', plural: 'namespaces' },
  claims: { group: '', version: 'v1', plural: 'persistentvolumeclaims' },
  volumes: { group: '', version: 'v1', plural: 'persistentvolumes' },
  replicaSets: { group: 'apps', version: 'v1', plural: 'replicasets' },
  jobs: { group: 'batch', version: 'v1', plural: 'jobs' },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  events: { group: 'events.k8s.io', version: 'v1', plural: 'events' },
  policies: { group: API_GROUP, version: API_VERSION, plural: 'placementpolicies' },
  models: { group: API_GROUP, version: API_VERSION, plural: 'placementmodels' },
} as const satisfies Record<string, Resource>;

/**
 * The path of a collection or, with a name, of one object (and its subresource); every segment is
 * escaped, so that a name can never reach another resource.
 */
export function resourcePath(
  resource: Resource,
  at: {
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
    readonly subresource?: string | undefined;
  } = {},
): string {
  const segments =
    resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  if (at.namespace !== undefined) segments.push('namespaces', at.namespace);
  segments.push(resource.plural);
  if (at.name !== undefined) segments.push(at.name);
  if (at.name !== undefined && at.subresource !== undefined) segments.push(at.subresource);
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

// SPDX-License-Identifier: Apache-2.0
import { findResource, type Resource } from './resources.ts';

/** What a request path names. */
export interface ApiPath {
  readonly resource: Resource;
  /** Undefined = all namespaces, or a cluster-scoped resource. */
  readonly namespace: string | undefined;
  /** Undefined = the collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/**
 * Parses `/api/v1/...` and `/apis/GROUP/VERSION/...`; undefined where nothing is served there.
 */
export function parsePath(pathname: string): ApiPath | undefined {
  const parts = pathname.split('/').filter((part) => part !== '');
  const [root = '', ...rest] = parts.map(decoded);
  if (root === 'api') return locate('', rest[0], rest.slice(1));
  if (root === 'apis') return locate(rest[0] ?? '', rest[1], rest.slice(2));
  return undefined;
}

function locate(
  group: string,
  version: string | undefined,
  rest: readonly string[],
): ApiPath | undefined {
  // `/namespaces/NAME` and `/namespaces/NAME/status` are about the Namespace itself.
  const inside = rest[0] === 'namespaces' && rest.length >= 3 && rest[2] !== 'status';
  const namespace = inside ? rest[1] : undefined;
  const [plural = '', name, subresource, ...more] = inside ? rest.slice(2) : rest;
  const resource = findResource(group, plural);
  if (resource?.version !== version || more.length > 0) return undefined;
  return resource === undefined || !scopeFits(resource, namespace, name)
    ? undefined
    : { resource, namespace, name, subresource };
}

/** An object of a namespaced resource needs its namespace, others must not have one. */
function scopeFits(
  resource: Resource,
  namespace: string | undefined,
  name: string | undefined,
): boolean {
  if (!resource.namespaced) return namespace === undefined;
  return namespace !== undefined || name === undefined;
}

/** The part with its escapes resolved; a broken escape stays as it is and matches nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

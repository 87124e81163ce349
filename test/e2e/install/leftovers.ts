// SPDX-License-Identifier: Apache-2.0
import type { Api } from '../api.ts';
import type { KubeObject } from '../objects.ts';
import { waitFor } from '../wait.ts';

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

interface GroupList {
  readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
}

/** What a Pod keeps, and what is told about Pods, is documented to outlive an uninstallation. */
const OUTLIVES = new Set(['/api/v1/events', '/apis/events.k8s.io/v1/events']);

/**
 * Every object of every kind that the API server lists, not only of the kinds that were installed,
 * whose name, namespace or labels say that it belongs to the product.
 *
 * @param except names of objects that are documented to stay
 * @returns `path/name` of each
 */
export async function leftovers(api: Api, except: readonly string[] = []): Promise<string[]> {
  const left: string[] = [];
  for (const collection of await collections(api)) {
    if (OUTLIVES.has(collection)) continue;
    for (const { metadata } of await objectsOf(api, collection)) {
      if (isOurs(metadata) && !except.includes(metadata.name)) {
        left.push(`${collection}/${metadata.name}`);
      }
    }
  }
  return left;
}

/** While the kinds of a CRD come or go the API server answers 429 for a moment. */
async function objectsOf(api: Api, collection: string): Promise<readonly KubeObject[]> {
  return waitFor(collection, { timeoutSeconds: 60 }, async () => {
    const found = await api.find<{ items?: readonly KubeObject[] }>(collection);
    return found?.items ?? [];
  });
}

async function collections(api: Api): Promise<string[]> {
  const { groups } = await api.get<GroupList>('/apis');
  const roots = [
    '/api/v1',
    ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`),
  ];
  const lists = await Promise.all(roots.map((root) => api.find<ResourceList>(root)));
  return roots.flatMap((root, index) =>
    (lists[index]?.resources ?? [])
      .filter(({ name, verbs }) => verbs.includes('list') && !name.includes('/'))
      .map(({ name }) => `${root}/${name}`),
  );
}

function isOurs({ name, namespace, labels }: KubeObject['metadata']): boolean {
  const values = Object.entries(labels ?? {})
    .filter(([key]) => key.startsWith('app.kubernetes.io/'))
    .map(([, value]) => value);
  return [name, namespace ?? '', ...values].some((text) => text.includes('perihelion'));
}

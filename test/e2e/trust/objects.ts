// SPDX-License-Identifier: Apache-2.0
import { createGenerator } from '#agent/terms/random.ts';
import type { KubeObject } from '../objects.ts';

/** Kinds whose plural is not the name with an s. */
const PLURALS: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
  PriorityClass: 'priorityclasses',
};

/** Path of the collection that an object of the manifests is in. */
export function collectionOf({ apiVersion = '', kind = '', metadata }: KubeObject): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${root}/${apiVersion}${namespace}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
}

/** The same objects in an order that the seed decides. */
export function shuffled<T>(objects: readonly T[], seed: number): readonly T[] {
  const generator = createGenerator(`order/${seed}`);
  return objects
    .map((object) => ({ object, rank: generator.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ object }) => object);
}

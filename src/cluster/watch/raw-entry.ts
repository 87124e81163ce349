// SPDX-License-Identifier: Apache-2.0
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import type { Entry } from './store.ts';

/** `namespace/name`, or `name` for an object without a namespace. */
export function keyOf(raw: JsonObject): string {
  const metadata = asObject(raw['metadata']);
  const namespace = asText(metadata['namespace']);
  const name = asText(metadata['name']);
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** An object of the API server with its projection, as a store keeps it. */
export function entryOf<T>(raw: JsonObject, value: T): Entry<T> {
  const metadata = asObject(raw['metadata']);
  return {
    uid: asText(metadata['uid']),
    resourceVersion: asText(metadata['resourceVersion']),
    value,
  };
}

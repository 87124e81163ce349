// SPDX-License-Identifier: Apache-2.0
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import type { JsonObject } from '#cluster/wire/json.ts';
import { LivePolicyView, projectPolicy, type RawPolicy } from '#cluster/policy/live-view.ts';
import { Store } from '#cluster/watch/store.ts';
import { asItIs, type ClusterAccess, listOptional } from './kube-access.ts';

/**
 * The policies that can hold in a namespace, as every replica sees them. Where the resource is not
 * installed there are none, and the built-in policy holds.
 */
export async function policiesOf(
  client: ClusterAccess['client'],
  namespace: string,
  defaultNamespace: string,
): Promise<LivePolicyView> {
  const lists = [...new Set([namespace, defaultNamespace])].map((name) =>
    listOptional(client, resourcePath(RESOURCES.policies, { namespace: name }), asItIs),
  );
  const found = (await Promise.all(lists)).flatMap((list) => list ?? []);
  return policyViewOf(found, defaultNamespace);
}

/** The same over objects that were read already. */
export function policyViewOf(
  policies: readonly JsonObject[],
  defaultNamespace: string,
): LivePolicyView {
  const store = new Store<RawPolicy>((error) => {
    throw error;
  });
  const view = new LivePolicyView(store, { defaultNamespace });
  for (const raw of policies) {
    const value = projectPolicy(raw);
    const key = `${value.namespace}/${value.name}`;
    store.upsert(key, { uid: key, resourceVersion: '', value });
  }
  return view;
}

// SPDX-License-Identifier: Apache-2.0
import { resourcePath, RESOURCES } from '#cluster/api-group.ts';
import type { JsonObject } from '#cluster/json.ts';
import { LivePolicyView, projectPolicy, type RawPolicy } from '#cluster/policy-view.ts';
import { Store } from '#cluster/store.ts';
import { type ClusterAccess, getOptional, listAll } from './kube-access.ts';

/**
 * The policies of an installation as every replica sees them, from one list. Where the resource is
 * not installed there are none, and the built-in policy holds.
 */
export async function policiesOf(
  client: ClusterAccess['client'],
  defaultNamespace: string,
): Promise<LivePolicyView> {
  const path = resourcePath(RESOURCES.policies);
  const served = (await getOptional(client, path)) !== undefined;
  return policyViewOf(served ? await listAll(client, path) : [], defaultNamespace);
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

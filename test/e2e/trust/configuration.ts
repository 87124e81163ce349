// SPDX-License-Identifier: Apache-2.0
import type { Api } from '../api.ts';
import type { Manifests } from '../manifests.ts';
import type { KubeObject } from '../objects.ts';

/** Where webhook configurations are. */
export const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

interface Configuration extends KubeObject {
  readonly webhooks: readonly { readonly clientConfig: Readonly<Record<string, unknown>> }[];
}

/** Changes fields of `clientConfig` of the product's own configuration; null removes one. */
export async function changeClientConfig(
  api: Api,
  { configuration }: Manifests,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  const path = `${CONFIGURATIONS}/${configuration}`;
  const { webhooks } = await api.get<Configuration>(path);
  await api.merge(path, {
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, ...changes },
    })),
  });
}

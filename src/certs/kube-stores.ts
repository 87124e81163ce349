// SPDX-License-Identifier: Apache-2.0
import { resourcePath, type Resource } from '#cluster/api/resources.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import type { SecretStore, StoredSecret, WebhookConfigurationStore } from './ports.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };
const CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
};
const NOT_FOUND = 404;
const CONFLICT = 409;

/** Name of the field manager that owns `caBundle` and nothing else. */
export const FIELD_MANAGER = 'perihelion-certificates';

/** The calls in use: what `KubeClient` offers. */
export type CertificateApi = Pick<KubeClient, 'get' | 'create' | 'update' | 'patch'>;

/** A {@link SecretStore} on one Secret of the API server. */
export class KubeSecretStore implements SecretStore {
  readonly #api: CertificateApi;
  readonly #namespace: string;
  readonly #name: string;
  readonly #path: string;

  constructor(api: CertificateApi, namespace: string, name: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#name = name;
    this.#path = resourcePath(SECRETS, { namespace, name });
  }

  async read(): Promise<StoredSecret | undefined> {
    const object = await this.#read();
    if (object === undefined) return undefined;
    const data = new Map<string, Buffer>();
    for (const [key, value] of Object.entries(asObject(object['data']))) {
      data.set(key, Buffer.from(asText(value), 'base64'));
    }
    return { resourceVersion: versionOf(object), data };
  }

  async create(data: ReadonlyMap<string, Buffer>): Promise<boolean> {
    const { name, namespace } = { name: this.#name, namespace: this.#namespace };
    const labels = { 'app.kubernetes.io/name': 'perihelion' };
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels },
      type: 'Opaque',
      data: encoded(data),
    };
    return unless(CONFLICT, this.#api.create(resourcePath(SECRETS, { namespace }), body));
  }

  async update(data: ReadonlyMap<string, Buffer>, resourceVersion: string): Promise<boolean> {
    const object = await this.#read();
    if (object === undefined || versionOf(object) !== resourceVersion) return false;
    const body = { ...object, data: { ...asObject(object['data']), ...encoded(data) } };
    return unless(CONFLICT, this.#api.update(this.#path, body));
  }

  async #read(): Promise<JsonObject | undefined> {
    try {
      return await this.#api.get(this.#path);
    } catch (error) {
      if (KubernetesError.is(error, NOT_FOUND)) return undefined;
      throw error;
    }
  }
}

/** A {@link WebhookConfigurationStore} on one MutatingWebhookConfiguration. */
export class KubeWebhookConfigurationStore implements WebhookConfigurationStore {
  readonly #api: CertificateApi;
  readonly #name: string;
  readonly #path: string;

  constructor(api: CertificateApi, name: string) {
    this.#api = api;
    this.#name = name;
    this.#path = resourcePath(CONFIGURATIONS, { name });
  }

  async bundles(): Promise<ReadonlyMap<string, string> | undefined> {
    let object: JsonObject;
    try {
      object = await this.#api.get(this.#path);
    } catch (error) {
      if (KubernetesError.is(error, NOT_FOUND)) return undefined;
      throw error;
    }
    const bundles = new Map<string, string>();
    for (const webhook of asObjects(object['webhooks'])) {
      const bundle = asText(asObject(webhook['clientConfig'])['caBundle']);
      bundles.set(asText(webhook['name']), Buffer.from(bundle, 'base64').toString('utf8'));
    }
    return bundles;
  }

  async applyBundle(webhooks: readonly string[], bundlePem: string): Promise<void> {
    const caBundle = Buffer.from(bundlePem).toString('base64');
    const body = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: this.#name },
      webhooks: webhooks.map((name) => ({ name, clientConfig: { caBundle } })),
    };
    const patch = { type: 'apply', body, fieldManager: FIELD_MANAGER, force: true } as const;
    await this.#api.patch(this.#path, patch);
  }
}

function encoded(data: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...data].map(([key, value]) => [key, value.toString('base64')]));
}

function versionOf(object: JsonObject): string {
  return asText(asObject(object['metadata'])['resourceVersion']);
}

async function unless(status: number, call: Promise<JsonObject>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (KubernetesError.is(error, status)) return false;
    throw error;
  }
}

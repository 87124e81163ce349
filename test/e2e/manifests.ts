// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Api } from './api.ts';
import type { Kubectl } from './kubectl.ts';
import { conditionOf } from './objects.ts';
import type { Condition, Controller, KubeObject } from './objects.ts';
import { waitFor } from './wait.ts';

/** The two halves of the product. */
export const ROLES = ['admission', 'learner'] as const;
export type Role = (typeof ROLES)[number];

/** The objects that the kustomize base renders, and what the run reads from them. */
export interface Manifests {
  readonly objects: readonly KubeObject[];
  /** Namespace of the product. */
  readonly namespace: string;
  /** Name of the MutatingWebhookConfiguration. */
  readonly configuration: string;
  /** ServiceAccount of each role, from its Deployment. */
  readonly accounts: Readonly<Record<Role, string>>;
  /** The settings file of each role as the manifests ship it. */
  readonly settings: Readonly<Record<Role, Readonly<Record<string, unknown>>>>;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly {
    readonly name: string;
    readonly clientConfig: Readonly<Record<string, unknown>>;
  }[];
}

/** Renders the kustomize base. */
export async function renderManifests(kubectl: Kubectl, folder: string): Promise<Manifests> {
  const text = await kubectl.run('kustomize', folder);
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object): object is KubeObject => object !== null);
  const configuration = objects.find(isWebhookConfiguration);
  if (configuration === undefined) throw new Error('the manifests hold no webhook configuration');
  const accounts = {
    admission: account(objects, 'admission'),
    learner: account(objects, 'learner'),
  };
  const namespace =
    objects.find((object) => object.kind === 'Deployment')?.metadata.namespace ?? '';
  const shipped = settingsOf(objects);
  return {
    objects,
    namespace,
    configuration: configuration.metadata.name,
    accounts,
    settings: { admission: shipped('admission'), learner: shipped('learner') },
  };
}

/**
 * Installs the base: namespace and CRDs first, then a server-side dry run of everything as it is
 * shipped, then everything. In the webhook configuration `service` becomes `url`, since nothing
 * routes Services here; not a byte else is changed.
 *
 * @returns what the dry run said, one line per object.
 */
export async function installManifests(
  at: { readonly api: Api; readonly kubectl: Kubectl; readonly folder: string },
  manifests: Manifests,
  webhookUrl: string,
): Promise<readonly string[]> {
  const apply = async (
    name: string,
    objects: readonly KubeObject[],
    ...flags: string[]
  ): Promise<string> => {
    const file = join(at.folder, `${name}.json`);
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return at.kubectl.run('apply', '--server-side', ...flags, '-f', file);
  };
  const first = manifests.objects.filter(
    (object) => object.kind === 'Namespace' || object.kind === 'CustomResourceDefinition',
  );
  await apply('definitions', first);
  await waitFor('established CRDs', { timeoutSeconds: 60 }, async () => {
    const found = await at.api.list<KubeObject & { status?: { conditions?: Condition[] } }>(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    );
    return found.length > 0 && found.every((one) => conditionOf(one, 'Established') === 'True');
  });
  const dryRun = await apply('as-shipped', manifests.objects, '--dry-run=server');
  await apply(
    'installed',
    manifests.objects.map((object) =>
      isWebhookConfiguration(object) ? withUrl(object, webhookUrl) : object,
    ),
  );
  return dryRun.trim().split('\n');
}

/** The caBundle that stands in the webhook configuration now; empty = none. */
export async function publishedBundle(api: Api, configuration: string): Promise<string> {
  const found = await api.get<WebhookConfiguration>(
    `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${configuration}`,
  );
  const bundles = found.webhooks.map((one) => one.clientConfig['caBundle']);
  const [bundle] = bundles;
  if (typeof bundle !== 'string' || bundles.some((other) => other !== bundle)) return '';
  return Buffer.from(bundle, 'base64').toString('utf8');
}

function isWebhookConfiguration(object: KubeObject): object is WebhookConfiguration {
  return object.kind === 'MutatingWebhookConfiguration';
}

function withUrl(object: WebhookConfiguration, url: string): KubeObject {
  const webhooks = object.webhooks.map(({ clientConfig, ...rest }) => {
    const { service, ...kept } = clientConfig as Record<string, unknown>;
    const path = (service as { path?: string } | undefined)?.path ?? '/mutate';
    return { ...rest, clientConfig: { ...kept, url: `${url}${path}` } };
  });
  return { ...object, webhooks } as KubeObject;
}

function deploymentOf(objects: readonly KubeObject[], role: Role): Controller {
  const found = objects.filter(
    (object): object is Controller =>
      object.kind === 'Deployment' && object.metadata.name.includes(role),
  );
  if (found.length !== 1) throw new Error(`expected one Deployment for the role ${role}`);
  return found[0]!;
}

function account(objects: readonly KubeObject[], role: Role): string {
  const name = deploymentOf(objects, role).spec.template?.spec?.serviceAccountName;
  if (name === undefined) throw new Error(`the ${role} Deployment names no ServiceAccount`);
  return name;
}

/** Settings from the ConfigMaps: the one with the role in its name, else the one there is. */
function settingsOf(objects: readonly KubeObject[]): (role: Role) => Record<string, unknown> {
  const maps = objects.filter((object) => object.kind === 'ConfigMap') as (KubeObject & {
    data?: Record<string, string>;
  })[];
  return (role) => {
    const map = maps.find((one) => one.metadata.name.includes(role)) ?? maps[0];
    const [text] =
      Object.entries(map?.data ?? {})
        .find(([name]) => /\.ya?ml$/.test(name))
        ?.slice(1) ?? [];
    return text === undefined ? {} : (parse(text) as Record<string, unknown>);
  };
}

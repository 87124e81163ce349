// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import type { Operation } from '../audit-lines.ts';
import { publishedBundle } from '../manifests.ts';
import type { KubeObject } from '../objects.ts';
import type { Replica } from '../product.ts';
import { podSpec } from '../workloads.ts';
import type { StateStage } from './stage.ts';

/** What a replica answered. */
export interface WebhookAnswer {
  readonly allowed: boolean;
  readonly patch: readonly Operation[];
  /** The annotations that the patch writes. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly milliseconds: number;
}

/** What the uid of a review begins with that no API server has sent or knows of. */
export const DIRECT = 'direct-';

/** Asks single replicas of the webhook as the API server would: over TLS, with its caBundle. */
export class WebhookClient {
  readonly #agent: Agent;

  constructor(bundle: string) {
    this.#agent = new Agent({ connect: { ca: bundle }, connections: 4 });
  }

  /** With the bundle that stands in the webhook configuration now. */
  static async of({
    controlPlane,
    manifests,
  }: Pick<StateStage, 'controlPlane' | 'manifests'>): Promise<WebhookClient> {
    return new WebhookClient(await publishedBundle(controlPlane.api, manifests.configuration));
  }

  /** One review of this Pod. */
  async review(
    replica: Pick<Replica, 'webhookPort'>,
    pod: object,
    options: { readonly namespace: string; readonly dryRun?: boolean },
  ): Promise<WebhookAnswer> {
    const begin = performance.now();
    const answer = await request(`https://127.0.0.1:${replica.webhookPort}/mutate?timeout=2s`, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(reviewOf(pod, options)),
    });
    const { response } = (await answer.body.json()) as {
      response: { allowed: boolean; patch?: string };
    };
    const patch = decode(response.patch);
    const milliseconds = performance.now() - begin;
    return { allowed: response.allowed, patch, annotations: annotationsIn(patch), milliseconds };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** A Pod as a ReplicaSet would create it. */
export function replicaOf(
  replicaSet: KubeObject,
  labels: Readonly<Record<string, string>> = {},
): object {
  const { name, namespace, uid } = replicaSet.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels,
      ownerReferences: [
        {
          ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid },
          ...{ controller: true, blockOwnerDeletion: true },
        },
      ],
    },
    // As the API server has filled it in when it asks a webhook.
    spec: podSpec({ schedulerName: 'default-scheduler' }),
  };
}

/** What the API server sends for it, but for its uid. */
export function reviewOf(
  object: object,
  { namespace, dryRun = false }: { readonly namespace: string; readonly dryRun?: boolean },
): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      ...{
        uid: `${DIRECT}${randomUUID()}`,
        kind,
        resource,
        requestKind: kind,
        requestResource: resource,
      },
      ...{ operation: 'CREATE', namespace, object, oldObject: null, dryRun },
      userInfo: { username: 'e2e' },
    },
  };
}

function decode(patch: string | undefined): Operation[] {
  if (patch === undefined) return [];
  return JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as Operation[];
}

function annotationsIn(patch: readonly Operation[]): Record<string, string> {
  const found: Record<string, string> = {};
  const prefix = '/metadata/annotations/';
  for (const { path, value } of patch) {
    if (path === '/metadata/annotations') Object.assign(found, value);
    if (path.startsWith(prefix) && typeof value === 'string') {
      found[path.slice(prefix.length).replaceAll('~1', '/').replaceAll('~0', '~')] = value;
    }
  }
  return found;
}

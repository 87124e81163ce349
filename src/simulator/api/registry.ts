// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { kubeTime, type KubeObject } from '#simulator/kube/kube.ts';
import type { Random } from '#simulator/random/random.ts';
import { admitDefaults } from './defaults.ts';
import { apiVersionOf, findResource, type Resource } from './resources.ts';
import { alreadyExists, conflict, invalid, MODIFIED, notFound, StatusError } from './status.ts';
import type { Store } from './store.ts';
import type { UserInfo, WebhookDispatcher } from './webhooks.ts';

/** Who writes, and whether for real. */
export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly user: UserInfo;
}

/** What a DELETE may ask for. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Which part of an object a write is about. */
export type Part = 'object' | 'status';

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Create, update and delete with the rules of the real API server; reads go to the store. */
export class Registry {
  readonly #store: Store;
  readonly #webhooks: WebhookDispatcher;
  readonly #now: () => number;
  readonly #random: Random;

  constructor(store: Store, webhooks: WebhookDispatcher, now: () => number, random: Random) {
    this.#store = store;
    this.#webhooks = webhooks;
    this.#now = now;
    this.#random = random;
  }

  /**
   * Creates an object: defaults, admission webhooks (Pods), then name, UID and time.
   *
   * @throws StatusError 404 (namespace), 409 (exists), 422 (no name), or what a webhook causes
   */
  async create(
    resource: Resource,
    namespace: string,
    body: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const dryRun = options.dryRun ?? false;
    let object = this.#prepared(resource, namespace, body);
    if (resource.plural === 'pods') {
      object = await this.#webhooks.admit(resource, object, { dryRun, user: options.user });
    }
    const name = object.metadata.name ?? this.#generated(object);
    if (this.#store.get(resource, namespace, name) !== undefined) {
      throw alreadyExists(resource, name);
    }
    const created: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        name,
        uid: this.uid(),
        creationTimestamp: kubeTime(this.#now()),
        ...(resource.generation ? { generation: 1 } : {}),
      },
    };
    return dryRun ? created : this.#store.put(resource, created);
  }

  #prepared(resource: Resource, namespace: string, body: KubeObject): KubeObject {
    this.#checkNamespace(resource, namespace);
    const metadata = { ...body.metadata };
    if (resource.namespaced) metadata.namespace = namespace;
    for (const key of ['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp']) {
      Reflect.deleteProperty(metadata, key);
    }
    if (metadata.name === undefined && metadata.generateName === undefined) {
      throw invalid(`${resource.kind} "" is invalid: metadata.name: Required value`);
    }
    const object: KubeObject = {
      ...body,
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata,
    };
    // The status of a new object is the server's to write; Nodes bring their own.
    if (resource.status && resource.plural !== 'nodes') Reflect.deleteProperty(object, 'status');
    return admitDefaults(resource, object);
  }

  #checkNamespace(resource: Resource, namespace: string): void {
    const namespaces = findResource('', 'namespaces');
    if (!resource.namespaced || namespaces === undefined) return;
    if (this.#store.get(namespaces, '', namespace) === undefined) {
      throw notFound(namespaces, namespace);
    }
  }

  #generated(object: KubeObject): string {
    return `${object.metadata.generateName ?? ''}${this.#random.text(5, NAME_ALPHABET)}`;
  }

  /** A UID of the form of a random UUID, from the seeded generator. */
  uid(): string {
    const hex = this.#random.text(32, '0123456789abcdef');
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  }

  /**
   * Changes an object: `change` gets the current one and returns the wanted one. A write that
   * changes nothing keeps the resourceVersion.
   *
   * @throws StatusError 404, 409 (stale resourceVersion or other UID), or what `change` throws
   */
  update(
    resource: Resource,
    namespace: string,
    name: string,
    change: { part: Part; dryRun?: boolean; apply: (current: KubeObject) => KubeObject },
  ): KubeObject {
    const current = this.#store.get(resource, namespace, name);
    if (current === undefined) throw notFound(resource, name);
    const wanted = change.apply(current);
    this.#checkLock(resource, current, wanted);
    const next = merged(resource, current, wanted, change.part);
    if (isDeepStrictEqual(next, current)) return current;
    return change.dryRun === true ? next : this.#store.put(resource, next);
  }

  #checkLock(resource: Resource, current: KubeObject, wanted: KubeObject): void {
    const name = current.metadata.name ?? '';
    const { resourceVersion, uid } = wanted.metadata;
    const stale =
      resourceVersion !== undefined &&
      resourceVersion !== '' &&
      resourceVersion !== current.metadata.resourceVersion;
    if (stale) throw conflict(resource, name, MODIFIED);
    if (uid !== undefined && uid !== current.metadata.uid) {
      throw conflict(resource, name, `Precondition failed: UID in precondition: ${uid}`);
    }
  }

  /**
   * Deletes an object. A bound Pod is only marked (the node ends it and removes it), unless the
   * grace period is 0.
   *
   * @throws StatusError 404, 409 (preconditions)
   */
  delete(
    resource: Resource,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): KubeObject {
    const current = this.#store.get(resource, namespace, name);
    if (current === undefined) throw notFound(resource, name);
    const { uid, resourceVersion } = options;
    this.#checkLock(resource, current, { metadata: dropUndefined({ uid, resourceVersion }) });
    const bound = resource.plural === 'pods' && current.spec?.['nodeName'] !== undefined;
    if (!bound || options.gracePeriodSeconds === 0) {
      return this.#store.remove(resource, namespace, name) ?? current;
    }
    return this.#markDeleted(resource, current, options.gracePeriodSeconds ?? 30);
  }

  #markDeleted(resource: Resource, current: KubeObject, graceSeconds: number): KubeObject {
    if (current.metadata.deletionTimestamp !== undefined) return current;
    return this.#store.put(resource, {
      ...current,
      metadata: {
        ...current.metadata,
        deletionTimestamp: kubeTime(this.#now()),
        deletionGracePeriodSeconds: graceSeconds,
      },
    });
  }
}

/** The object to store: the wanted part of the new one, the server's fields of the old one. */
function merged(
  resource: Resource,
  current: KubeObject,
  wanted: KubeObject,
  part: Part,
): KubeObject {
  if (part === 'status') {
    if (!resource.status) throw new StatusError(404, 'NotFound', 'no such subresource: status');
    return wanted.status === undefined ? current : { ...current, status: wanted.status };
  }
  const { status, ...rest } = wanted;
  const keptStatus = resource.status ? current.status : status;
  const metadata = { ...wanted.metadata };
  for (const key of ['name', 'namespace', 'uid', 'creationTimestamp', 'resourceVersion']) {
    if (current.metadata[key] === undefined) Reflect.deleteProperty(metadata, key);
    else metadata[key] = current.metadata[key];
  }
  if (resource.generation) {
    const generation = current.metadata.generation ?? 1;
    const changed = !isDeepStrictEqual(contentOf(wanted), contentOf(current));
    metadata.generation = changed ? generation + 1 : generation;
  }
  return {
    ...rest,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata,
    ...(keptStatus === undefined ? {} : { status: keptStatus }),
  };
}

function dropUndefined(values: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** What generation counts: everything but metadata and status. */
function contentOf(object: KubeObject): Record<string, unknown> {
  const content: Record<string, unknown> = { ...object };
  for (const key of ['metadata', 'status', 'apiVersion', 'kind']) {
    Reflect.deleteProperty(content, key);
  }
  return content;
}

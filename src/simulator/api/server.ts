// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { CapacityRoutes } from './capacity.ts';
import { Lister } from './lister.ts';
import { APPLY_PATCH, applyPatch, isObject, parseBody } from './patch.ts';
import { project, viewOf, type View } from './query.ts';
import type { Registry, DeleteOptions, Part } from './registry.ts';
import { parsePath, type ApiPath } from './path.ts';
import { badRequest, noSuchPath, notFound, StatusError } from './status.ts';
import type { Store } from './store.ts';
import { WatchStream } from './watch.ts';
import type { UserInfo } from './webhooks.ts';

/** Who calls over HTTP; the embedded server asks nobody for a name. */
const ANYONE: UserInfo = {
  username: 'simulator-client',
  groups: ['system:masters', 'system:authenticated'],
};

const BODY_LIMIT_BYTES = 8 * 2 ** 20;

const VERSION = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.4+simulator',
  platform: 'simulated',
};

/** One request, taken apart. */
interface Call {
  readonly path: ApiPath;
  readonly parameters: URLSearchParams;
  readonly view: View;
  readonly mediaType: string;
  readonly body: string;
}

/** The Kubernetes-compatible API over plain HTTP on the loopback interface. */
export class ApiServer {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #lister: Lister;
  readonly #capacity: CapacityRoutes;
  readonly #watches = new Set<WatchStream>();
  readonly #server: Server;
  #url = '';

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    this.#registry = registry;
    this.#lister = new Lister(store);
    this.#capacity = new CapacityRoutes(store, registry);
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.keepAliveTimeout = 95_000;
  }

  /** `http://127.0.0.1:PORT`; empty before {@link listen}. */
  get url(): string {
    return this.#url;
  }

  /** Listens on a free port of the loopback interface. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets history and continue tokens: watches and pages from before answer 410. */
  compact(): void {
    this.#store.compact();
    this.#lister.expireTokens();
  }

  /** Ends all watches; clients watch again. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
    this.#watches.clear();
  }

  async close(): Promise<void> {
    this.endWatches();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      if (this.#special(url.pathname, response)) return;
      const path = parsePath(url.pathname);
      if (path === undefined) throw noSuchPath();
      const call: Call = {
        path,
        parameters: url.searchParams,
        view: viewOf(request.headers.accept),
        mediaType: (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
        body: await readBody(request),
      };
      await this.#route(request.method ?? 'GET', call, response);
    } catch (error) {
      answerError(response, error);
    }
  }

  #special(path: string, response: ServerResponse): boolean {
    if (path === '/version') answer(response, 200, VERSION);
    else if (path === '/healthz' || path === '/livez' || path === '/readyz') response.end('ok');
    else return false;
    return true;
  }

  async #route(method: string, call: Call, response: ServerResponse): Promise<void> {
    const { path } = call;
    if (this.#isMissing(method, path)) throw noSuchPath();
    if (!isPart(path)) {
      answer(response, method === 'POST' ? 201 : 200, this.#subresource(method, call));
      return;
    }
    const verb = `${method} ${path.name === undefined ? 'collection' : 'object'}`;
    switch (verb) {
      case 'GET collection':
        if (isTrue(call.parameters.get('watch'))) this.#watch(call, response);
        else answer(response, 200, this.#list(call));
        return;
      case 'GET object':
        answer(response, 200, project(this.#read(path), call.view));
        return;
      case 'POST collection':
        answer(response, 201, await this.#create(call));
        return;
      case 'PUT object':
        answer(response, 200, this.#replace(call));
        return;
      case 'PATCH object':
        await this.#patch(call, response);
        return;
      case 'DELETE object':
        answer(response, 200, this.#delete(call));
        return;
      default:
        throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method');
    }
  }

  /** A custom resource that nobody has installed. */
  #isMissing(method: string, { resource }: ApiPath): boolean {
    return (
      resource.optional === true && method !== 'POST' && this.#store.revisionOf(resource) === 0
    );
  }

  #subresource(method: string, { path, body }: Call): KubeObject {
    const { resource, name = '', namespace = '', subresource } = path;
    switch (`${method} ${subresource ?? ''}`) {
      case 'GET scale':
        return this.#capacity.readScale(resource, namespace, name);
      case 'PUT scale':
        return this.#capacity.writeScale(resource, namespace, name, objectBody(body));
      case 'POST eviction':
        if (resource.plural !== 'pods') throw noSuchPath();
        return this.#capacity.evict(namespace, name, objectBody(body));
      default:
        throw noSuchPath();
    }
  }

  #list(call: Call): unknown {
    return this.#lister.list(call.path.resource, call.path.namespace, call.parameters, call.view);
  }

  #watch(call: Call, response: ServerResponse): void {
    const { resource, namespace } = call.path;
    const request = { resource, namespace, parameters: call.parameters, view: call.view };
    const watch = new WatchStream(this.#store, request, response);
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    watch.start();
  }

  #read(path: ApiPath): KubeObject {
    const name = path.name ?? '';
    const object = this.#store.get(path.resource, path.namespace ?? '', name);
    if (object === undefined) throw notFound(path.resource, name);
    return object;
  }

  async #create(call: Call): Promise<KubeObject> {
    const { resource, namespace } = call.path;
    return this.#registry.create(resource, namespace ?? '', objectBody(call.body), {
      dryRun: isDryRun(call),
      user: ANYONE,
    });
  }

  #replace(call: Call): KubeObject {
    const wanted = objectBody(call.body);
    return this.#change(call, () => wanted);
  }

  #change(call: Call, apply: (current: KubeObject) => KubeObject): KubeObject {
    const { resource, namespace, name, subresource } = call.path;
    const part: Part = subresource === 'status' ? 'status' : 'object';
    return this.#registry.update(resource, namespace ?? '', name ?? '', {
      part,
      dryRun: isDryRun(call),
      apply,
    });
  }

  async #patch(call: Call, response: ServerResponse): Promise<void> {
    const { resource, namespace, name, subresource } = call.path;
    const exists = this.#store.get(resource, namespace ?? '', name ?? '') !== undefined;
    if (!exists && call.mediaType === APPLY_PATCH && subresource === undefined) {
      const applied = parseBody(call.body) as KubeObject;
      const body = { ...applied, metadata: { ...applied.metadata, name: name ?? '' } };
      const created = await this.#registry.create(resource, namespace ?? '', body, {
        dryRun: isDryRun(call),
        user: ANYONE,
      });
      answer(response, 201, created);
      return;
    }
    const patched = this.#change(call, (current) => applyPatch(call.mediaType, call.body, current));
    answer(response, 200, patched);
  }

  #delete(call: Call): unknown {
    const { resource, namespace, name } = call.path;
    const object = this.#registry.delete(
      resource,
      namespace ?? '',
      name ?? '',
      deleteOptions(call),
    );
    if (resource.plural === 'pods') return object;
    const details = {
      name,
      group: resource.group,
      kind: resource.plural,
      uid: object.metadata.uid,
    };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }
}

function deleteOptions(call: Call): DeleteOptions {
  const body = call.body === '' ? {} : (parseBody(call.body) as Record<string, unknown>);
  const grace = body['gracePeriodSeconds'] ?? call.parameters.get('gracePeriodSeconds');
  const preconditions = isObject(body['preconditions']) ? body['preconditions'] : {};
  const { uid, resourceVersion } = preconditions as { uid?: string; resourceVersion?: string };
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function objectBody(body: string): KubeObject {
  const value = parseBody(body);
  if (!isObject(value) || !isObject(value['metadata'])) {
    throw badRequest('the body is no Kubernetes object');
  }
  return value as KubeObject;
}

/** The object itself, or its status: not a subresource with rules of its own. */
function isPart({ subresource }: ApiPath): boolean {
  return subresource === undefined || subresource === 'status';
}

function isDryRun(call: Call): boolean {
  return call.parameters.get('dryRun') === 'All';
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1' || value === '';
}

async function readBody(request: IncomingMessage): Promise<string> {
  if (request.method === 'GET') return '';
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) {
      throw new StatusError(413, 'RequestEntityTooLarge', 'the body is too large');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  const status =
    error instanceof StatusError
      ? error
      : new StatusError(500, 'InternalError', error instanceof Error ? error.message : '');
  answer(response, status.httpStatus, status.body);
}

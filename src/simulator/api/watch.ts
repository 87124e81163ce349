// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { objectFilter, project, type ObjectFilter, type View } from './query.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { badRequest, expired } from './status.ts';
import type { Store, StoreEvent } from './store.ts';

/** Pause between bookmarks, wall-clock milliseconds. */
const BOOKMARK_MILLISECONDS = 1000;

/** What a watch is about. */
export interface WatchRequest {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly parameters: URLSearchParams;
  readonly view: View;
}

/** One watch: writes an event per line to the response until either side ends it. */
export class WatchStream {
  readonly #store: Store;
  readonly #request: WatchRequest;
  readonly #response: ServerResponse;
  readonly #filter: ObjectFilter;
  readonly #timers: NodeJS.Timeout[] = [];
  #unsubscribe: (() => void) | undefined;
  #lastRevision = 0;

  /** @throws StatusError 400 where a parameter cannot be read */
  constructor(store: Store, request: WatchRequest, response: ServerResponse) {
    this.#store = store;
    this.#request = request;
    this.#response = response;
    this.#filter = objectFilter(request.parameters);
  }

  /** Starts the stream. */
  start(): void {
    const { parameters, resource } = this.#request;
    const version = parameters.get('resourceVersion') ?? '';
    const revision = Number(version);
    if (!Number.isInteger(revision)) throw badRequest(`invalid resourceVersion: ${version}`);
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.flushHeaders();
    this.#response.on('close', () => this.end());

    if (revision === 0 || parameters.get('sendInitialEvents') === 'true') this.#sendInitial();
    else {
      const missed = this.#store.since(resource, revision);
      if (missed === undefined) {
        this.#write('ERROR', expired().body);
        this.end();
        return;
      }
      this.#lastRevision = revision;
      for (const event of missed) this.#send(event);
    }
    this.#unsubscribe = this.#store.subscribe((event) => {
      if (event.resource === resource) this.#send(event);
    });
    this.#setTimers();
  }

  /** Ends the stream; the client may watch again from its last version. */
  end(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    for (const timer of this.#timers) clearInterval(timer);
    this.#response.end();
  }

  #setTimers(): void {
    const { parameters } = this.#request;
    if (parameters.get('allowWatchBookmarks') === 'true') {
      this.#timers.push(setInterval(() => this.#bookmark({}), BOOKMARK_MILLISECONDS).unref());
    }
    const seconds = Number(parameters.get('timeoutSeconds') ?? '0');
    if (seconds > 0) this.#timers.push(setTimeout(() => this.end(), seconds * 1000).unref());
  }

  #sendInitial(): void {
    const { resource, namespace, parameters } = this.#request;
    this.#lastRevision = this.#store.revision;
    for (const object of this.#store.list(resource, namespace)) {
      if (this.#filter(object)) this.#write('ADDED', project(object, this.#request.view));
    }
    if (parameters.get('sendInitialEvents') === 'true') {
      this.#bookmark({ annotations: { 'k8s.io/initial-events-end': 'true' } });
    }
  }

  /** Sends a change as this watch sees it: an object may enter or leave its selection. */
  #send(event: StoreEvent): void {
    const { namespace } = this.#request;
    // A change made while others are being delivered may already have been in the first list.
    if (event.revision <= this.#lastRevision) return;
    this.#lastRevision = event.revision;
    if (namespace !== undefined && event.object.metadata.namespace !== namespace) return;
    const before = event.previous !== undefined && this.#filter(event.previous);
    const after = event.type !== 'DELETED' && this.#filter(event.object);
    if (!before && !after) return;
    const type = !before ? 'ADDED' : after ? 'MODIFIED' : 'DELETED';
    this.#write(type, project(event.object, this.#request.view));
  }

  #bookmark(extra: Partial<KubeObject['metadata']>): void {
    const { resource, view } = this.#request;
    this.#write('BOOKMARK', {
      kind: view.metadataOnly ? 'PartialObjectMetadata' : resource.kind,
      apiVersion: view.metadataOnly ? 'meta.k8s.io/v1' : apiVersionOf(resource),
      metadata: { resourceVersion: String(this.#store.revision), ...extra },
    });
  }

  #write(type: string, object: unknown): void {
    this.#response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

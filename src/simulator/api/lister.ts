// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import { objectFilter, project, type View } from './query.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { badRequest, expired } from './status.ts';
import type { Store } from './store.ts';

/** The rest of a paged list. */
interface Snapshot {
  readonly revision: string;
  readonly rest: readonly KubeObject[];
}

/** How many unfinished paged lists are remembered. */
const SNAPSHOT_LIMIT = 64;

/**
 * Answers list requests. Pages of one list all show the state of its first page, as etcd does; a
 * token that is too old is 410.
 */
export class Lister {
  readonly #store: Store;
  readonly #snapshots = new Map<string, Snapshot>();
  #tokens = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Forgets all continue tokens. */
  expireTokens(): void {
    this.#snapshots.clear();
  }

  /** The list object. @throws StatusError 400, 410 */
  list(
    resource: Resource,
    namespace: string | undefined,
    parameters: URLSearchParams,
    view: View,
  ): unknown {
    const limit = Number(parameters.get('limit') ?? '0');
    if (!Number.isInteger(limit) || limit < 0) throw badRequest('limit must be a whole number');
    const from = this.#start(resource, namespace, parameters);
    const page = limit === 0 ? from.rest : from.rest.slice(0, limit);
    const rest = from.rest.slice(page.length);
    const metadata: Record<string, unknown> = { resourceVersion: from.revision };
    if (rest.length > 0) {
      metadata['continue'] = this.#remember({ revision: from.revision, rest });
      metadata['remainingItemCount'] = rest.length;
    }
    return {
      kind: view.metadataOnly ? 'PartialObjectMetadataList' : `${resource.kind}List`,
      apiVersion: view.metadataOnly ? 'meta.k8s.io/v1' : apiVersionOf(resource),
      metadata,
      items: page.map((object) => project(object, view)),
    };
  }

  #start(resource: Resource, namespace: string | undefined, parameters: URLSearchParams): Snapshot {
    const token = parameters.get('continue') ?? '';
    if (token !== '') {
      const snapshot = this.#snapshots.get(token);
      if (snapshot === undefined) throw expired();
      return snapshot;
    }
    const filter = objectFilter(parameters);
    return {
      revision: String(this.#store.revision),
      rest: this.#store.list(resource, namespace).filter(filter),
    };
  }

  #remember(snapshot: Snapshot): string {
    const token = Buffer.from(`page-${++this.#tokens}`).toString('base64url');
    this.#snapshots.set(token, snapshot);
    const oldest = this.#snapshots.keys().next().value;
    if (this.#snapshots.size > SNAPSHOT_LIMIT && oldest !== undefined) {
      this.#snapshots.delete(oldest);
    }
    return token;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { request, type Dispatcher } from 'undici';
import type { JsonObject } from '#cluster/wire/json.ts';
import { acceptOf, contentTypeOf, objectOf, refusalOf } from './answer.ts';
import { Backoff, type Sleep } from './backoff.ts';
import type { CallOptions, DeleteOptions, KubeApi, Patch, WatchBody } from './kube-api.ts';
import { errorOfAnswer, failureOf, KubernetesError, NO_ANSWER } from './kubernetes-error.ts';
import type { PooledKubeConfig } from './pooled-kube-config.ts';
import { ServerClock } from './server-clock.ts';

const PATCH_TYPES = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;
const RETRY_BOUNDS = { baseMilliseconds: 250, capMilliseconds: 5_000 };

interface Outgoing {
  readonly method: HttpMethod;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/**
 * A thin client of the API server: any resource by its path, objects as plain JSON. Reading calls
 * are tried again after 429, 5xx and lost connections; writing calls only after 429, which says
 * that nothing was done. Waits grow with full jitter and honour Retry-After.
 *
 * Every failure is a `KubernetesError` with the status and the reason.
 */
export class KubeClient implements KubeApi {
  readonly #config: PooledKubeConfig;
  readonly #random: () => number;
  readonly #sleep: Sleep;
  readonly #now: (() => number) | undefined;
  /** How far the API server's clock is from ours; knows nothing where no clock was passed in. */
  readonly serverClock = new ServerClock();

  /**
   * @param ports.random uniform in [0, 1), for the jitter
   * @param ports.now milliseconds since the epoch, compared with the times of the answers
   */
  constructor(
    config: PooledKubeConfig,
    ports: { readonly random: () => number; readonly sleep: Sleep; readonly now?: () => number },
  ) {
    this.#config = config;
    this.#random = ports.random;
    this.#sleep = ports.sleep;
    this.#now = ports.now;
  }

  /** Reads an object, or a list of a collection. */
  get(path: string, options: CallOptions = {}): Promise<JsonObject> {
    return this.#call({ method: HttpMethod.GET, path }, options);
  }

  /** Creates an object in a collection. */
  create(path: string, body: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    return this.#call({ method: HttpMethod.POST, path, body }, options);
  }

  /** Replaces an object; `metadata.resourceVersion` in the body makes it an optimistic lock. */
  update(path: string, body: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    return this.#call({ method: HttpMethod.PUT, path, body }, options);
  }

  /** Patches an object: server-side apply, JSON merge patch or JSON patch. */
  patch(path: string, patch: Patch, options: CallOptions = {}): Promise<JsonObject> {
    const query =
      patch.type === 'apply'
        ? { ...options.query, fieldManager: patch.fieldManager, force: patch.force }
        : options.query;
    const contentType = PATCH_TYPES[patch.type];
    return this.#call(
      { method: HttpMethod.PATCH, path, body: patch.body, contentType },
      query === undefined ? options : { ...options, query },
    );
  }

  /** Deletes an object; with preconditions only if it still stands as they say, else 409. */
  delete(path: string, { preconditions, ...options }: DeleteOptions = {}): Promise<JsonObject> {
    const method = HttpMethod.DELETE;
    if (preconditions === undefined) return this.#call({ method, path }, options);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
    return this.#call({ method, path, body }, options);
  }

  /**
   * Opens a watch and gives its bytes; never tried again here. It ends with the server, with an
   * error of the connection, or with `options.signal`.
   */
  async watch(path: string, options: CallOptions = {}): Promise<WatchBody> {
    const end = this.#endOf(options);
    const how = { watch: true, signal: end, end };
    const answer = await this.#send({ method: HttpMethod.GET, path }, options, how);
    return { contentType: contentTypeOf(answer), stream: answer.body };
  }

  async #call(outgoing: Outgoing, options: CallOptions): Promise<JsonObject> {
    const backoff = new Backoff(RETRY_BOUNDS, this.#random);
    const retries = options.retries ?? 4;
    const end = this.#endOf(options);
    for (;;) {
      try {
        return await this.#once(outgoing, options, end);
      } catch (error) {
        if (backoff.attempt >= retries || !mayRetry(outgoing.method, error)) throw error;
        await this.#sleep(KubernetesError.leastPauseOf(error) + backoff.next(), end);
        if (end.aborted) throw error;
      }
    }
  }

  async #once(outgoing: Outgoing, options: CallOptions, end: AbortSignal): Promise<JsonObject> {
    const deadline = AbortSignal.timeout(options.timeoutMilliseconds ?? 15_000);
    const signal = AbortSignal.any([end, deadline]);
    try {
      const answer = await this.#send(outgoing, options, { watch: false, signal, end });
      return await objectOf(answer, options.protobuf);
    } catch (error) {
      throw failureOf(`${outgoing.method} ${outgoing.path}`, error, end, deadline);
    }
  }

  /** What ends a call before its time: its caller, or the end of the whole configuration. */
  #endOf({ signal }: CallOptions): AbortSignal {
    const { ended } = this.#config;
    return signal === undefined ? ended : AbortSignal.any([signal, ended]);
  }

  async #send(
    outgoing: Outgoing,
    options: CallOptions,
    how: { readonly watch: boolean; readonly signal: AbortSignal; readonly end: AbortSignal },
  ): Promise<Dispatcher.ResponseData> {
    const call = `${outgoing.method} ${outgoing.path}`;
    try {
      const context = new RequestContext(this.#url(outgoing.path, options), outgoing.method);
      await this.#config.applySecurityAuthentication(context);
      const pooled = how.watch ? this.#config.watchDispatcher : context.getDispatcher();
      const answer = await request(context.getUrl(), {
        method: outgoing.method,
        headers: {
          ...context.getHeaders(),
          accept: acceptOf(options),
          ...(outgoing.body === undefined
            ? {}
            : { 'content-type': outgoing.contentType ?? 'application/json' }),
        },
        body: outgoing.body === undefined ? null : JSON.stringify(outgoing.body),
        ...(pooled === undefined ? {} : { dispatcher: pooled }),
        signal: how.signal,
      });
      if (this.#now !== undefined) this.serverClock.note(answer.headers['date'], this.#now());
      if (answer.statusCode < 300) return answer;
      const retryAfter = answer.headers['retry-after'];
      throw errorOfAnswer(
        call,
        answer.statusCode,
        await refusalOf(answer),
        typeof retryAfter === 'string' ? retryAfter : undefined,
      );
    } catch (error) {
      throw failureOf(call, error, how.end, undefined);
    }
  }

  #url(path: string, options: CallOptions): string {
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) {
      throw new KubernetesError(path, {
        status: 0,
        reason: NO_ANSWER.unreachable,
        message: 'the kubeconfig has no current cluster',
      });
    }
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    const text = query.toString();
    return `${server.replace(/\/$/, '')}${path}${text === '' ? '' : `?${text}`}`;
  }
}

function mayRetry(method: HttpMethod, error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  if (error.status === 429) return true;
  if (method !== HttpMethod.GET) return false;
  return error.status >= 500 || (error.status === 0 && error.reason !== NO_ANSWER.aborted);
}

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { KubeList, KubeObject } from './objects.ts';

/** Where an API server is and who is asking. */
export interface Access {
  readonly url: string;
  /** PEM of the CA that signed the serving certificate. */
  readonly authority: string;
  readonly token: string;
}

/** The API server answered with an error status. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** One event of a watch. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** The answer of a call with its warnings. */
interface Answer {
  readonly body: string;
}

/** A small client for the tests: no retries, no cache, every answer as it came. */
export class Api {
  readonly access: Access;
  readonly #agent: Agent;

  constructor(access: Access) {
    this.access = access;
    this.#agent = new Agent({ connect: { ca: access.authority }, connections: 32 });
  }

  /** The same server as somebody else. */
  as(token: string): Api {
    return new Api({ ...this.access, token });
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse((await this.#send('GET', path)).body) as T;
  }

  /** The object, or undefined where there is none. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(path: string): Promise<readonly T[]> {
    return (await this.get<KubeList<T>>(path)).items;
  }

  async text(path: string): Promise<string> {
    return (await this.#send('GET', path)).body;
  }

  async create<T>(path: string, object: unknown): Promise<T> {
    return JSON.parse((await this.#send('POST', path, object)).body) as T;
  }

  /** Server-side apply with force, under the manager `e2e`. */
  async apply<T>(path: string, object: unknown): Promise<T> {
    const joint = path.includes('?') ? '&' : '?';
    const full = `${path}${joint}fieldManager=e2e&force=true`;
    return JSON.parse(
      (await this.#send('PATCH', full, object, 'application/apply-patch+yaml')).body,
    ) as T;
  }

  async merge<T>(path: string, patch: unknown): Promise<T> {
    return JSON.parse(
      (await this.#send('PATCH', path, patch, 'application/merge-patch+json')).body,
    ) as T;
  }

  /** Deletes; that it is not there any more is fine. */
  async delete(path: string): Promise<void> {
    try {
      await this.#send('DELETE', path);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** The HTTP status of a call, for checks of what a token may do. */
  async status(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<number> {
    try {
      await this.#send(method, path, body);
      return 200;
    } catch (error) {
      if (error instanceof ApiError) return error.status;
      throw error;
    }
  }

  /**
   * Lists, then watches, until the signal is aborted. Each object is told as ADDED, MODIFIED or
   * DELETED; after a lost connection it lists again, so that nothing is missed for good.
   */
  async follow<T extends KubeObject>(
    path: string,
    signal: AbortSignal,
    told: (event: WatchEvent<T>) => void,
  ): Promise<void> {
    const joint = path.includes('?') ? '&' : '?';
    while (!signal.aborted) {
      try {
        const list = await this.get<KubeList<T>>(path);
        for (const object of list.items) told({ type: 'ADDED', object });
        const version = list.metadata.resourceVersion ?? '0';
        await this.#watch(`${path}${joint}watch=true&resourceVersion=${version}`, signal, told);
      } catch {
        // Refused, cut off or aborted: the loop looks at the signal again.
        await sleep(200);
      }
    }
  }

  /** Closes its connections, watches included. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #watch<T>(
    path: string,
    signal: AbortSignal,
    told: (event: WatchEvent<T>) => void,
  ): Promise<void> {
    const answer = await request(this.access.url + path, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.access.token}` },
      bodyTimeout: 0,
      signal,
    });
    if (answer.statusCode !== 200) throw new ApiError(answer.statusCode, await answer.body.text());
    let rest = '';
    answer.body.setEncoding('utf8');
    for await (const chunk of answer.body) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR' };
        if (event.type === 'ERROR') return;
        told(event);
      }
    }
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Answer> {
    const answer = await request(this.access.url + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.access.token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) {
      throw new ApiError(
        answer.statusCode,
        `${method} ${path}: ${answer.statusCode} ${messageOf(text)}`,
      );
    }
    return { body: text };
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.slice(0, 300);
  }
}

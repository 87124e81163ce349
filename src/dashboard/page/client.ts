// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '#dashboard/api/api.ts';
import type { Store } from './store.ts';

/** An answer that is no success; status 0 = there was none. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}

const TOKEN_KEY = 'perihelion-token';
const TIMEOUT_MILLISECONDS = 20_000;

/** Reads the API. The token lives as long as the tab, and is sent to this server only. */
export class Client {
  readonly #store: Store;
  #token: string;
  /** Product's clock less the browser's, milliseconds; undefined = not told yet. */
  #offset: number | undefined;

  /** @param store what lasts as long as the tab */
  constructor(store: Store) {
    this.#store = store;
    this.#token = store.getItem(TOKEN_KEY) ?? '';
  }

  get signedIn(): boolean {
    return this.#token !== '';
  }

  setToken(token: string): void {
    this.#token = token;
    if (token === '') this.#store.removeItem(TOKEN_KEY);
    else this.#store.setItem(TOKEN_KEY, token);
  }

  /** The product's clock, milliseconds since the epoch: in the demo it is not the browser's. */
  get now(): number {
    return Date.now() + (this.#offset ?? 0);
  }

  setNow(time: number): void {
    this.#offset = time - Date.now();
  }

  /** Reads one path; the browser revalidates what it holds. @throws HttpError */
  async get<T>(path: string): Promise<T> {
    const response = await this.open(path, AbortSignal.timeout(TIMEOUT_MILLISECONDS));
    const time = Number(response.headers.get('Perihelion-Time') ?? NaN);
    if (Number.isFinite(time)) this.setNow(time);
    return (await response.json()) as T;
  }

  /** The response of one path, whose body is still to be read. @throws HttpError */
  async open(path: string, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> =
      this.#token === '' ? {} : { Authorization: `Bearer ${this.#token}` };
    let response: Response;
    try {
      response = await fetch(path, { headers, signal, cache: 'no-cache' });
    } catch (error) {
      throw new HttpError(0, error instanceof Error ? error.message : 'no answer');
    }
    if (response.ok) return response;
    const body = (await response.json().catch(() => undefined)) as Problem | undefined;
    throw new HttpError(response.status, body?.error.message ?? response.statusText);
  }
}

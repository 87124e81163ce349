// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:https';
import type { WebhookReply } from './webhook-answer.ts';

/** Where and how long to call. */
export interface WebhookTarget {
  readonly url?: string;
  /** PEM, base64: the only authorities that are trusted for this call. */
  readonly caBundle?: string;
  readonly timeoutSeconds: number;
}

/** Largest reply that is read. */
const BODY_LIMIT_BYTES = 7 * 2 ** 20;

/** HTTPS client of the API server: verified TLS, connections kept alive, deadline per call. */
export class WebhookClient {
  readonly #agents = new Map<string, Agent>();
  readonly #clock: () => number;

  /** `clock`: wall-clock milliseconds, for the durations. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Posts a review. Never rejects: whatever goes wrong stands in `error`. */
  async post(target: WebhookTarget, review: unknown): Promise<WebhookReply> {
    const started = this.#clock();
    try {
      const body = await this.#exchange(target, JSON.stringify(review));
      return { body, durationMilliseconds: this.#clock() - started };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { error: message, durationMilliseconds: this.#clock() - started };
    }
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #exchange(target: WebhookTarget, payload: string): Promise<unknown> {
    if (target.url === undefined) throw new Error('only clientConfig.url is supported');
    const url = new URL(target.url);
    if (url.protocol !== 'https:') throw new Error(`webhook URL must be https: ${target.url}`);
    url.searchParams.set('timeout', `${target.timeoutSeconds}s`);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          method: 'POST',
          agent: this.#agent(target.caBundle ?? ''),
          signal: AbortSignal.timeout(target.timeoutSeconds * 1000),
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, */*',
            'content-length': Buffer.byteLength(payload),
            'user-agent': 'kube-apiserver-admission',
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let size = 0;
          incoming.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > BODY_LIMIT_BYTES) incoming.destroy(new Error('webhook reply too large'));
            else chunks.push(chunk);
          });
          incoming.on('error', reject);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            if (incoming.statusCode !== 200) {
              reject(new Error(`webhook answered ${incoming.statusCode ?? 0}: ${text}`));
              return;
            }
            try {
              resolve(JSON.parse(text));
            } catch {
              reject(new Error('webhook reply is not JSON'));
            }
          });
        },
      );
      outgoing.on('error', (error) => {
        const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError';
        reject(timedOut ? new Error('context deadline exceeded') : error);
      });
      outgoing.end(payload);
    });
  }

  #agent(caBundle: string): Agent {
    let agent = this.#agents.get(caBundle);
    if (agent === undefined) {
      const ca = Buffer.from(caBundle, 'base64').toString('utf8');
      agent = new Agent({ keepAlive: true, ...(ca === '' ? {} : { ca }) });
      this.#agents.set(caBundle, agent);
    }
    return agent;
  }
}

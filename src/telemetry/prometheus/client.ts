// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PerihelionError } from '#errors';
import { Agent, request } from 'undici';
import { readText } from '#telemetry/http/body.ts';
import { TrustingAgent } from '#telemetry/http/trusting-agent.ts';
import { createLimiter, type Limiter } from '#telemetry/http/limiter.ts';
import { type PrometheusReply, readReply } from './reply.ts';
import { Silence, Silences, Transient } from './silences.ts';
import { readSecret } from '#telemetry/http/secret.ts';
import type { Vector } from '#telemetry/series/selection.ts';
import { describeError } from '#telemetry/series/vector-source.ts';

/** How to reach a Prometheus server, or anything that speaks its HTTP API. */
export interface PrometheusOptions {
  /** Base URL; a path prefix is kept. */
  readonly url: string;
  /** File with a bearer token; read anew for every request, because such tokens are rotated. */
  readonly bearerTokenFile?: string | undefined;
  /** User name for basic authentication. */
  readonly username?: string | undefined;
  /** File with its password; read anew for every request. */
  readonly passwordFile?: string | undefined;
  /** CA bundle (PEM file) that the server's certificate must chain to; may change, too. */
  readonly caFile?: string | undefined;
  /** Extra request headers, for example `X-Scope-OrgID`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Time limit of one try. Default 10. */
  readonly timeoutSeconds?: number | undefined;
  /** Queries under way at once. Default 4. */
  readonly maximumInFlight?: number | undefined;
  /** Tries of one query. Default 3. */
  readonly tries?: number | undefined;
  /** Longest pause before the first retry; it doubles with every further one. Default 200. */
  readonly backoffMilliseconds?: number | undefined;
  /** Default 64 MiB. */
  readonly maximumBodyBytes?: number | undefined;
  /** Generator of [0, 1) for the jitter of the pauses. */
  readonly random: () => number;
  /** Told about warnings of the server. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const MAXIMUM_BACKOFF_MILLISECONDS = 5000;
/** Headers that every query carries, whoever asks. */
const PUBLIC_HEADERS = new Set(['accept', 'content-type']);

/**
 * Asks instant queries of a Prometheus server: few at once, each with a time limit per try;
 * network failures, 429, 5xx and partial answers are tried again after a pause with full jitter, and
 * not before the server says (`Retry-After`); everything else (a query that the server refuses, a
 * login) fails at once. Errors are `PERI_TELEMETRY_UNAVAILABLE`.
 */
export class PrometheusClient {
  readonly #options: PrometheusOptions;
  readonly #endpoint: URL;
  readonly #agent: Agent;
  readonly #trusting: TrustingAgent | undefined;
  readonly #limit: Limiter;
  readonly #silences: Silences;

  constructor(options: PrometheusOptions) {
    this.#options = options;
    this.#endpoint = new URL(options.url);
    this.#endpoint.pathname = `${this.#endpoint.pathname.replace(/\/+$/, '')}/api/v1/query`;
    const connections = Math.max(1, options.maximumInFlight ?? 4);
    this.#silences = new Silences(connections);
    this.#agent = new Agent({ connections });
    if (options.caFile !== undefined) {
      checkCa(options.caFile);
      this.#trusting = new TrustingAgent(options.caFile, { connections });
    }
    this.#limit = createLimiter(connections);
  }

  /** The vector that `query` has at `time` (milliseconds since the epoch). */
  query(query: string, time: number): Promise<Vector> {
    const before = this.#silences.givenUp;
    return this.#limit(async () => {
      const { givenUp } = this.#silences;
      if (givenUp !== undefined && givenUp !== before) throw givenUp;
      const reply = await this.#silences.counted(this.#retry(() => this.#once(query, time)));
      for (const warning of reply.warnings) this.#options.onWarning?.(`Prometheus: ${warning}`);
      return reply.vector;
    });
  }

  /** Closes the connections; queries under way fail. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#trusting?.destroy()]);
  }

  async #retry<T>(attempt: () => Promise<T>): Promise<T> {
    const tries = Math.max(1, this.#options.tries ?? 3);
    const base = this.#options.backoffMilliseconds ?? 200;
    for (let tried = 1; ; tried += 1) {
      try {
        return await attempt();
      } catch (error) {
        const enough = tried >= tries || this.#silences.lasting;
        if (!(error instanceof Transient) || enough) throw error;
        const longest = Math.min(MAXIMUM_BACKOFF_MILLISECONDS, base * 2 ** (tried - 1));
        const pause = Math.max(this.#options.random() * longest, error.retryAfterMilliseconds);
        await delay(Math.min(MAXIMUM_BACKOFF_MILLISECONDS, pause));
      }
    }
  }

  async #once(query: string, time: number): Promise<PrometheusReply> {
    const headers = await this.#headers();
    const body = new URLSearchParams({ query, time: (time / 1000).toFixed(3) }).toString();
    const { status, text, retryAfter } = await this.#post(headers, body);
    if (status >= 200 && status < 300) return whole(readReply(text));
    const told = withoutSecrets(text.slice(0, 10_000), headers).slice(0, 200);
    const message = `Prometheus answered ${status}: ${told}`;
    if (status !== 429 && status < 500) {
      throw new PerihelionError('PERI_TELEMETRY_UNAVAILABLE', message);
    }
    // The other form of it, a date, would need the server's clock.
    const seconds = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : 0;
    throw new Transient(message, { retryAfterMilliseconds: seconds * 1000 });
  }

  async #post(
    headers: Record<string, string>,
    body: string,
  ): Promise<{ readonly status: number; readonly text: string; readonly retryAfter: string }> {
    const milliseconds = (this.#options.timeoutSeconds ?? 10) * 1000;
    const signal = AbortSignal.timeout(milliseconds);
    try {
      const reply = await request(this.#endpoint, {
        method: 'POST',
        dispatcher: (await this.#trusting?.agent()) ?? this.#agent,
        headers,
        body,
        signal,
      });
      const limit = this.#options.maximumBodyBytes ?? 64 * 1024 * 1024;
      const text = await readText(reply.body, limit);
      const retryAfter = String(reply.headers['retry-after'] ?? '').trim();
      return { status: reply.statusCode, text, retryAfter };
    } catch (error) {
      if (error instanceof PerihelionError) throw error;
      const reason = signal.aborted ? `no answer in ${milliseconds} ms` : describeError(error);
      const Failure = signal.aborted ? Silence : Transient;
      throw new Failure(`Prometheus: ${reason}`, { cause: error });
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const { bearerTokenFile, username, passwordFile, headers } = this.#options;
    const all: Record<string, string> = {
      ...headers,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (bearerTokenFile !== undefined) {
      all['authorization'] = `Bearer ${await readSecret(bearerTokenFile)}`;
    } else if (username !== undefined) {
      const password = passwordFile === undefined ? '' : await readSecret(passwordFile);
      const login = Buffer.from(`${username}:${password}`).toString('base64');
      all['authorization'] = `Basic ${login}`;
    }
    return all;
  }
}

/** What a server or a proxy answers may repeat what it was sent: values of our headers are left out. */
function withoutSecrets(text: string, headers: Readonly<Record<string, string>>): string {
  const secrets = Object.entries(headers).filter(([name]) => !PUBLIC_HEADERS.has(name));
  const values = secrets.flatMap(([, value]) => {
    const [, credential = value] = /^(?:Bearer|Basic) (.*)$/.exec(value) ?? [];
    const password = Buffer.from(credential, 'base64').toString('utf8').split(':').slice(1);
    return [value, credential, password.join(':')];
  });
  return values
    .filter((value) => value !== '')
    .reduce((rest, value) => rest.replaceAll(value, '***'), text);
}

/** What is not in a part of an answer would pass for what was not there. */
function whole(reply: PrometheusReply): PrometheusReply {
  if (reply.partial === undefined) return reply;
  throw new Transient(`Prometheus: the answer is partial: ${reply.partial.slice(0, 200)}`, {});
}

/** Whether it can be read; what is in it is read for every request. */
function checkCa(path: string): void {
  try {
    readFileSync(path, 'utf8');
  } catch (error) {
    const message = `cannot read the CA bundle ${path}: ${describeError(error)}`;
    throw new PerihelionError('PERI_SETTINGS_UNREADABLE', message, { cause: error });
  }
}

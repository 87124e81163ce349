// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { InputError } from '#errors';
import { Agent, request } from 'undici';

/** How to reach a receiver of OTLP over HTTP. */
export interface ReceiverOptions {
  /** The whole URL, path included. */
  readonly endpoint: string;
  /** File with a bearer token; read anew for every request, because such tokens are rotated. */
  readonly bearerTokenFile?: string | undefined;
  /** CA bundle (PEM file) that the receiver's certificate must chain to. */
  readonly caFile?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeoutSeconds: number;
}

/** What came of one try. */
export type Sent =
  | { readonly kind: 'taken'; readonly answer: string }
  /** Another try may mend it, not before the pause that the receiver asks for. */
  | { readonly kind: 'later'; readonly reason: string; readonly pauseSeconds: number | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

/** As the specification of OTLP lists them. */
const RETRYABLE = new Set([429, 502, 503, 504]);
const LONGEST_ANSWER_BYTES = 64 * 1024;

/** Posts to one receiver over one connection. */
export class Sender {
  readonly #options: ReceiverOptions;
  readonly #agent: Agent;

  /** @throws InputError where the CA cannot be read */
  constructor(options: ReceiverOptions) {
    this.#options = options;
    const ca = options.caFile === undefined ? undefined : readCa(options.caFile);
    this.#agent = new Agent({
      connections: 1,
      maxResponseSize: LONGEST_ANSWER_BYTES,
      ...(ca === undefined ? {} : { connect: { ca } }),
    });
  }

  /** One try. Never rejects. @param signal ends it before its time */
  async send(body: string, signal: AbortSignal): Promise<Sent> {
    const limit = AbortSignal.timeout(this.#options.timeoutSeconds * 1000);
    try {
      const reply = await request(this.#options.endpoint, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: await this.#headers(),
        body,
        signal: AbortSignal.any([limit, signal]),
      });
      const answer = await reply.body.text();
      const { statusCode: status } = reply;
      if (status >= 200 && status < 300) return { kind: 'taken', answer };
      const reason = `the receiver answered ${status}`;
      if (!RETRYABLE.has(status)) return { kind: 'refused', reason };
      return { kind: 'later', reason, pauseSeconds: pauseOf(reply.headers['retry-after']) };
    } catch (error) {
      return { kind: 'later', reason: describe(error), pauseSeconds: undefined };
    }
  }

  /** Closes its connection. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #headers(): Promise<Record<string, string>> {
    const { headers, bearerTokenFile } = this.#options;
    const token =
      bearerTokenFile === undefined ? undefined : (await readFile(bearerTokenFile, 'utf8')).trim();
    return {
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
      accept: 'application/json',
    };
  }
}

/** Seconds, or nothing: a date would need a clock that agrees with the receiver's. */
function pauseOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const expected = `a readable file (${describe(error)})`;
    throw new InputError('PERI_SETTINGS_INVALID', 'tracing.caFile', file, expected);
  }
}

/** Its code, which holds nothing of headers or tokens. */
function describe(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'an error';
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { asList, asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import type { Gate, Verdict } from './gate.ts';

/** What whoever looks must be allowed to `get`: a path that only authorization knows. */
export const DASHBOARD_PATH = '/dashboard.perihelion.dev';

/** Settings of a {@link KubernetesGate}. */
export interface KubernetesGateOptions {
  readonly api: Pick<KubeApi, 'create'>;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed: () => number;
  readonly onProblem: (error: unknown) => void;
  /** Tokens whose verdict is remembered. Default 256. */
  readonly capacity?: number | undefined;
}

const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const CALL = { timeoutMilliseconds: 5000, retries: 1 } as const;
/** A right that was taken away holds for so long at most. */
const ALLOWED_MILLISECONDS = 60_000;
/** A right that was just given is seen after so long. */
const REFUSED_MILLISECONDS = 5000;
/** Beyond it no token of Kubernetes; and nothing that long is hashed for a stranger. */
const LONGEST_TOKEN = 8192;
/** Tokens that are being asked about at once: a flood must not become one of the API server. */
const MOST_ASKED = 16;

interface Remembered {
  readonly verdict: Verdict;
  readonly until: number;
}

/**
 * Reads for whom the API server knows and authorizes: TokenReview says who it is,
 * SubjectAccessReview whether they may `get` {@link DASHBOARD_PATH}. Verdicts are remembered for a
 * short time under the token's hash; where the API server does not answer, nobody is let in.
 */
export class KubernetesGate implements Gate {
  readonly #options: KubernetesGateOptions;
  readonly #capacity: number;
  readonly #remembered = new Map<string, Remembered>();
  readonly #asking = new Map<string, Promise<Verdict>>();

  constructor(options: KubernetesGateOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? 256;
  }

  /** Verdicts that are remembered now. */
  get size(): number {
    return this.#remembered.size;
  }

  async check({ headers }: Parameters<Gate['check']>[0]): Promise<Verdict> {
    const token = bearerOf(headers.authorization);
    if (token === undefined) return refused(401, 'a bearer token is needed');
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#remembered.get(key);
    if (known !== undefined && known.until > this.#options.elapsed()) return known.verdict;
    const already = this.#asking.get(key);
    if (already !== undefined) return already;
    // Whoever was let in before is not kept out by a flood of made-up tokens.
    const isFriend = known?.verdict.kind === 'allowed';
    if (this.#asking.size >= MOST_ASKED && !isFriend)
      return refused(503, 'too many tokens at once');
    const asking = this.#ask(token).then((verdict) => this.#remember(key, verdict));
    this.#asking.set(key, asking);
    return asking.finally(() => this.#asking.delete(key));
  }

  #remember(key: string, verdict: Verdict): Verdict {
    this.#remembered.delete(key);
    // That the API server did not answer says nothing of the next time.
    if (verdict.kind === 'refused' && verdict.status === 503) return verdict;
    const life = verdict.kind === 'allowed' ? ALLOWED_MILLISECONDS : REFUSED_MILLISECONDS;
    this.#remembered.set(key, { verdict, until: this.#options.elapsed() + life });
    if (this.#remembered.size > this.#capacity) this.#forgetOne();
    return verdict;
  }

  /** The oldest refusal; where all were let in, the oldest of them. */
  #forgetOne(): void {
    let oldest: string | undefined;
    for (const [key, { verdict }] of this.#remembered) {
      oldest ??= key;
      if (verdict.kind === 'allowed') continue;
      oldest = key;
      break;
    }
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  async #ask(token: string): Promise<Verdict> {
    const { api, onProblem } = this.#options;
    try {
      const review = await api.create(TOKEN_REVIEWS, reviewOf(token), CALL);
      const status = asObject(review['status']);
      if (status['authenticated'] !== true) {
        return refused(401, 'the token is not valid (any more)');
      }
      const user = asObject(status['user']);
      const name = asText(user['username']);
      const access = await api.create(ACCESS_REVIEWS, accessOf(user), CALL);
      if (asObject(access['status'])['allowed'] === true) return { kind: 'allowed', user: name };
      return refused(403, `${name} may not get ${DASHBOARD_PATH}`);
    } catch (error) {
      onProblem(error);
      return refused(503, 'the API server does not say who you are; nobody is let in');
    }
  }
}

function bearerOf(header: string | undefined): string | undefined {
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header ?? '')?.[1];
  return token === undefined || token.length > LONGEST_TOKEN ? undefined : token;
}

function reviewOf(token: string): JsonObject {
  return { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
}

function accessOf(user: JsonObject): JsonObject {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: asText(user['username']),
      uid: asText(user['uid']),
      groups: asList(user['groups']).map(asText),
      extra: asObject(user['extra']),
      nonResourceAttributes: { path: DASHBOARD_PATH, verb: 'get' },
    },
  };
}

function refused(status: 401 | 403 | 503, message: string): Verdict {
  return { kind: 'refused', status, message };
}

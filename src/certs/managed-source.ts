// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import { Authority } from './authority.ts';
import type { BundlePublisher } from './bundle.ts';
import { checkAuthority, type Pair } from './check.ts';
import { BACKDATE_MILLISECONDS } from './encode.ts';
import { issueServer } from './issue.ts';
import type { Keyring } from './keyring.ts';
import type { AlternativeNames } from './names.ts';
import type { SecretStore } from './ports.ts';
import { Subscribers } from './subscribers.ts';
import type { CertificateSource, CertificateStatus, ServingCertificate } from './source.ts';

/** Between two rounds: short against every lifetime, and right after a suspended machine. */
export const POLL_MILLISECONDS = 60_000;
/** Between two rounds while not ready. */
const RETRY_MILLISECONDS = 2_000;

/** Settings of a {@link ManagedSource}. */
export interface ManagedSourceOptions {
  readonly secrets: SecretStore;
  /** Undefined where nobody reads our CA from a webhook configuration. */
  readonly publisher?: BundlePublisher | undefined;
  readonly names: AlternativeNames;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of every failed round; the next round tries again. */
  readonly onError: (error: unknown) => void;
}

/**
 * The product's own certificates: CA in a Secret, a leaf in the memory of each replica (a key that
 * is never written cannot leak from a volume), CA published to the webhook configuration. Every
 * failure leaves the last good pair in use.
 */
export class ManagedSource implements CertificateSource {
  readonly #options: ManagedSourceOptions;
  readonly #authority: Authority;
  readonly #subscribers = new Subscribers();
  #leaf: (Pair & { readonly authorityPem: string }) | undefined;
  #current: ServingCertificate | undefined;
  #lastError: string | undefined;

  constructor(options: ManagedSourceOptions) {
    this.#options = options;
    this.#authority = new Authority(options.secrets, options.now);
  }

  current(): ServingCertificate | undefined {
    return this.#current;
  }

  subscribe(listener: (certificate: ServingCertificate) => void): () => void {
    return this.#subscribers.add(listener);
  }

  get status(): CertificateStatus {
    if (this.#current === undefined) {
      return { ready: false, reason: this.#lastError ?? 'no certificate yet' };
    }
    const bundle = this.#options.publisher?.status;
    if (bundle?.published === false) {
      return { ready: false, reason: this.#lastError ?? bundle.reason };
    }
    return { ready: true, reason: this.#lastError ?? 'certificate is served and trusted' };
  }

  /** The key that signs decisions; undefined until the Secret was read once. */
  get decisionKey(): Buffer | undefined {
    return this.#authority.keyring?.decisionKey;
  }

  /**
   * One round: read or make the CA, publish it, then serve a leaf of it. In that order, so that a
   * client is told of a CA before it meets it. Never rejects; see `status` and `onError`.
   */
  async refresh(): Promise<void> {
    let error: unknown;
    const note = (failure: unknown): void => {
      error ??= failure;
      this.#options.onError(failure);
    };
    await this.#authority.refresh().catch(note);
    const { keyring } = this.#authority;
    if (keyring !== undefined) {
      await this.#options.publisher?.publish(this.#authority.bundlePem).catch(note);
      await this.#renew(keyring).catch(note);
    }
    this.#lastError = error === undefined ? undefined : messageOf(error);
  }

  /** Rounds until the signal: every two seconds until ready, then every minute. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh();
      const pause = this.status.ready ? POLL_MILLISECONDS : RETRY_MILLISECONDS;
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #renew(keyring: Keyring): Promise<void> {
    const { names, now } = this.#options;
    const authorityPem = keyring.authority.certificatePem;
    if (this.#leaf?.authorityPem === authorityPem && !isDue(this.#leaf.certificatePem, now())) {
      return;
    }
    checkAuthority(keyring.authority, now());
    const leaf = await issueServer(keyring.authority, names, now());
    this.#leaf = { ...leaf, authorityPem };
    this.#current = {
      ...leaf,
      bundlePem: this.#authority.bundlePem,
      notAfter: new X509Certificate(leaf.certificatePem).validToDate.getTime(),
    };
    this.#subscribers.tell(this.#current);
  }
}

/** Two thirds of its life are over: time enough to try again many times. */
function isDue(certificatePem: string, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  const from = validFromDate.getTime() + BACKDATE_MILLISECONDS;
  return now >= from + (2 / 3) * (validToDate.getTime() - from);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

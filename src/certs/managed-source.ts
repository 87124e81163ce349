// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { Authority } from './authority.ts';
import type { BundlePublisher } from './bundle.ts';
import type { Pair } from './check.ts';
import { ClockWatch } from './clock-watch.ts';
import { isDue } from './due.ts';
import { issueServer } from './issue.ts';
import type { Keyring } from './keyring.ts';
import { LIFETIMES, type Lifetimes } from './lifetimes.ts';
import type { AlternativeNames } from './names.ts';
import type { SecretStore } from './ports.ts';
import type { AuthorityEntry } from './slot.ts';
import { signerOf } from './succession.ts';
import { Subscribers } from './subscribers.ts';
import type {
  CertificateSource,
  CertificateStatus,
  SelfProbe,
  ServingCertificate,
} from './source.ts';

/** Settings of a {@link ManagedSource}. */
export interface ManagedSourceOptions {
  readonly secrets: SecretStore;
  /** Undefined where nobody reads our CA from a webhook configuration. */
  readonly publisher?: BundlePublisher | undefined;
  readonly names: AlternativeNames;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps. Default: `now`. */
  readonly elapsed?: (() => number) | undefined;
  readonly lifetimes?: Lifetimes | undefined;
  /** Must pass before this source is ready; default: nothing is probed. */
  readonly probe?: SelfProbe | undefined;
  /** Told of every failed round; the next round tries again. */
  readonly onError: (error: unknown) => void;
}

/**
 * The product's own certificates: two CAs in a Secret, a leaf in the memory of each replica (a key
 * that is never written cannot leak from a volume), both CAs published to the webhook
 * configuration. Every failure leaves the last good pair in use.
 */
export class ManagedSource implements CertificateSource {
  readonly #options: ManagedSourceOptions;
  readonly #lifetimes: Lifetimes;
  readonly #authority: Authority;
  readonly #subscribers = new Subscribers();
  #leaf: (Pair & { readonly signer: string }) | undefined;
  #current: ServingCertificate | undefined;
  #lastError: string | undefined;
  /**
   * What the last probe was about, and what it found. Once there is one, clients were told of us: a
   * bundle that is blanked later is mended within seconds, and traffic may stay.
   */
  #probed: { readonly about: string; readonly problem: string | undefined } | undefined;

  constructor(options: ManagedSourceOptions) {
    const { now, elapsed = now, secrets: store, lifetimes = LIFETIMES } = options;
    this.#options = options;
    this.#lifetimes = lifetimes;
    const clock = new ClockWatch(now, elapsed);
    const clockIsSteady = (): boolean => clock.steady();
    this.#authority = new Authority({ store, now, lifetimes, clockIsSteady });
  }

  current(): ServingCertificate | undefined {
    return this.#current;
  }

  subscribe(listener: (certificate: ServingCertificate) => void): () => void {
    return this.#subscribers.add(listener);
  }

  get status(): CertificateStatus {
    const problem = this.#problem();
    return problem === undefined
      ? { ready: true, reason: this.#lastError ?? 'certificate is served and trusted' }
      : { ready: false, reason: this.#lastError ?? problem };
  }

  /** The key that signs decisions; undefined until the Secret was read once. */
  get decisionKey(): Buffer | undefined {
    return this.#authority.keyring?.decisionKey;
  }

  /** End of life of both CAs by slot, milliseconds since the epoch; empty until the Secret was read. */
  get authoritiesNotAfter(): readonly number[] {
    return this.#authority.keyring?.authorities.map(({ notAfter }) => notAfter) ?? [];
  }

  /**
   * One round: read, make or renew the CAs, publish them, let those sign that were seen published,
   * then serve a leaf. In that order, so that a client is told of a CA before it meets it. Never
   * rejects; see `status` and `onError`.
   */
  async refresh(): Promise<void> {
    let error: unknown;
    const note = (failure: unknown): void => {
      error ??= failure;
      this.#options.onError(failure);
    };
    await this.#authority.refresh().catch(note);
    if (this.#authority.keyring !== undefined) {
      const { publisher } = this.#options;
      await publisher?.publish(this.#authority.bundlePem).catch(note);
      await this.#authority.activate((entry) => this.#isPublished(entry)).catch(note);
      await this.#renew(this.#authority.keyring).catch(note);
      await this.#probe().catch(note);
    }
    this.#lastError = error === undefined ? undefined : messageOf(error);
  }

  async #renew(keyring: Keyring): Promise<void> {
    const { names } = this.#options;
    const now = this.#options.now();
    const signer = signerOf(keyring.authorities, {
      now,
      published: (entry) => this.#isPublished(entry),
      current: this.#leaf?.signer,
    });
    // No CA may sign yet: what is served stays.
    if (signer === undefined) return;
    const { fingerprint } = signer;
    if (this.#leaf?.signer === fingerprint && !isDue(this.#leaf.certificatePem, now)) return;
    const leaf = await issueServer(signer.pair, names, now, this.#lifetimes.server);
    this.#leaf = { ...leaf, signer: fingerprint };
    this.#current = {
      ...leaf,
      bundlePem: this.#authority.bundlePem,
      notAfter: new X509Certificate(leaf.certificatePem).validToDate.getTime(),
    };
    this.#subscribers.tell(this.#current);
  }

  /** Meets our own server with what is published, whenever that or the leaf has changed. */
  async #probe(): Promise<void> {
    const { probe } = this.#options;
    const bundlePem = this.#publishedBundle();
    // Without the bundle there is nothing to learn about this replica.
    if (bundlePem === undefined || this.#current === undefined) return;
    const about = `${this.#current.certificatePem}${bundlePem}`;
    if (this.#probed?.about === about && this.#probed.problem === undefined) return;
    try {
      await probe?.(this.#current, bundlePem);
      this.#probed = { about, problem: undefined };
    } catch (error) {
      this.#probed = { about, problem: messageOf(error) };
      throw error;
    }
  }

  /** All that clients trust, as read back; undefined while it lacks a CA of ours. */
  #publishedBundle(): string | undefined {
    const { publisher } = this.#options;
    if (publisher === undefined) return this.#authority.bundlePem;
    return publisher.status.published ? publisher.trusted.pem : undefined;
  }

  #problem(): string | undefined {
    if (this.#current === undefined) return 'no certificate yet';
    if (this.#options.now() >= this.#current.notAfter) return 'the certificate has expired';
    if (this.#probed !== undefined) return this.#probed.problem;
    const bundle = this.#options.publisher?.status;
    return bundle?.published === false ? bundle.reason : 'the server was not probed yet';
  }

  #isPublished({ fingerprint }: AuthorityEntry): boolean {
    const { publisher } = this.#options;
    return publisher === undefined || publisher.trusted.fingerprints.has(fingerprint);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

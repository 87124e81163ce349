// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { PerihelionError } from '#errors';
import type { Pair } from './check.ts';
import { isDue } from './due.ts';
import { issueServer } from './issue.ts';
import { LIFETIMES } from './lifetimes.ts';
import type { AlternativeNames } from './names.ts';
import type { SecretStore } from './ports.ts';
import { readSlot, type AuthorityEntry, type SlotIndex } from './slot.ts';
import type { CertificateSource, CertificateStatus, ServingCertificate } from './source.ts';
import { signerOf } from './succession.ts';
import { Subscribers } from './subscribers.ts';

/** Settings of a {@link LeafSource}. */
export interface LeafSourceOptions {
  readonly secrets: Pick<SecretStore, 'read'>;
  readonly names: AlternativeNames;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * A certificate of another server of this installation: signed by the CAs that the webhook's
 * replicas keep in their Secret, which is only ever read here. Clients that were given both CAs
 * trust it through every rotation.
 */
export class LeafSource implements CertificateSource {
  readonly #options: LeafSourceOptions;
  readonly #subscribers = new Subscribers();
  #leaf: (Pair & { readonly signer: string }) | undefined;
  #current: ServingCertificate | undefined;
  #problem = 'no certificate yet';

  constructor(options: LeafSourceOptions) {
    this.#options = options;
  }

  current(): ServingCertificate | undefined {
    return this.#current;
  }

  subscribe(listener: (certificate: ServingCertificate) => void): () => void {
    return this.#subscribers.add(listener);
  }

  get status(): CertificateStatus {
    const ready = this.#current !== undefined && this.#options.now() < this.#current.notAfter;
    return { ready, reason: this.#problem };
  }

  /** One round: reads the CAs and makes a new leaf when it is due. Never rejects. */
  async refresh(): Promise<void> {
    try {
      await this.#renew();
      this.#problem = 'certificate is served';
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#options.onError(error);
    }
  }

  async #renew(): Promise<void> {
    const { secrets, names } = this.#options;
    const now = this.#options.now();
    const data = (await secrets.read())?.data ?? new Map<string, Buffer>();
    const [first, second] = [entryAt(data, 0), entryAt(data, 1)];
    // The form with a single CA is read as well: it stands for both.
    const either = first ?? second;
    if (either === undefined) {
      throw new PerihelionError('PERI_CERTIFICATE_INVALID', 'the Secret holds no CA yet');
    }
    const authorities = [first ?? either, second ?? either] as const;
    const current = this.#leaf?.signer;
    const signer = signerOf(authorities, { now, published: () => true, current });
    if (signer === undefined) {
      throw new PerihelionError('PERI_CERTIFICATE_INVALID', 'no CA of the Secret may sign now');
    }
    const stays = authorities.some(({ fingerprint }) => fingerprint === current);
    if (this.#leaf !== undefined && stays && !isDue(this.#leaf.certificatePem, now)) return;
    const leaf = await issueServer(signer.pair, names, now, LIFETIMES.server);
    this.#leaf = { ...leaf, signer: signer.fingerprint };
    this.#current = {
      ...leaf,
      bundlePem: authorities.map(({ pair }) => pair.certificatePem).join(''),
      notAfter: new X509Certificate(leaf.certificatePem).validToDate.getTime(),
    };
    this.#subscribers.tell(this.#current);
  }
}

function entryAt(data: ReadonlyMap<string, Buffer>, index: SlotIndex): AuthorityEntry | undefined {
  const reading = readSlot(data, index);
  return reading.kind === 'good' ? reading.entry : undefined;
}

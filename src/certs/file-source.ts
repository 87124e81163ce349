// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PerihelionError } from '#errors';
import { readBundle } from './check.ts';
import { Subscribers } from './subscribers.ts';
import type { CertificateSource, CertificateStatus, ServingCertificate } from './source.ts';

/** Files of a {@link FileSource}, for example those of a cert-manager Secret. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority: string;
}

/**
 * A certificate that someone else makes and renews, read from files. Read again by content (a
 * mounted Secret changes by symbolic link); a pair that does not fit keeps the last good one.
 */
export class FileSource implements CertificateSource {
  readonly #files: CertificateFiles;
  readonly #now: () => number;
  readonly #subscribers = new Subscribers();
  #current: ServingCertificate | undefined;
  #lastError: string | undefined;

  /** @param now milliseconds since the epoch */
  constructor(files: CertificateFiles, now: () => number) {
    this.#files = files;
    this.#now = now;
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
    return { ready: true, reason: this.#lastError ?? 'certificate was read from files' };
  }

  /** Reads the files once. Never rejects; see `status`. */
  async refresh(): Promise<void> {
    try {
      const next = await this.#load();
      this.#lastError = undefined;
      if (next.certificatePem === this.#current?.certificatePem) return;
      this.#current = next;
      this.#subscribers.tell(next);
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
    }
  }

  async #load(): Promise<ServingCertificate> {
    const { certificate, privateKey, authority } = this.#files;
    const [certificatePem, privateKeyPem, bundlePem] = await Promise.all(
      [certificate, privateKey, authority].map((file) => readFile(file, 'utf8')),
    );
    if (certificatePem === undefined || privateKeyPem === undefined || bundlePem === undefined) {
      throw invalid('a file is missing');
    }
    return {
      certificatePem,
      privateKeyPem,
      bundlePem,
      notAfter: this.#check(certificatePem, privateKeyPem, bundlePem),
    };
  }

  #check(certificatePem: string, privateKeyPem: string, bundlePem: string): number {
    const [leaf] = readBundle(certificatePem);
    if (leaf === undefined) throw invalid(`${this.#files.certificate}: no certificate`);
    if (!fits(leaf, privateKeyPem)) {
      throw invalid(`${this.#files.privateKey}: does not belong to the certificate`);
    }
    if (readBundle(bundlePem).length === 0) {
      throw invalid(`${this.#files.authority}: no certificate`);
    }
    const notAfter = leaf.validToDate.getTime();
    if (this.#now() >= notAfter) throw invalid(`${this.#files.certificate}: has expired`);
    return notAfter;
  }
}

function fits(leaf: X509Certificate, privateKeyPem: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}

function invalid(problem: string): PerihelionError {
  return new PerihelionError('PERI_CERTIFICATE_INVALID', problem);
}

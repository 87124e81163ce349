// SPDX-License-Identifier: Apache-2.0
import { createHash, createPrivateKey, type X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PerihelionError } from '#errors';
import { readBundle } from './check.ts';
import { Subscribers } from './subscribers.ts';
import type {
  CertificateSource,
  CertificateStatus,
  SelfProbe,
  ServingCertificate,
} from './source.ts';

/** Files of a {@link FileSource}, for example those of a cert-manager Secret. */
export interface CertificateFiles {
  /** Leaf first, then the certificates between it and the CA. */
  readonly certificate: string;
  readonly privateKey: string;
  /** CA that the leaf must chain to; without, that is left to the probe. */
  readonly authority?: string | undefined;
}

/** Settings of a {@link FileSource}. */
export interface FileSourceOptions {
  readonly files: CertificateFiles;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * What clients are told to trust, PEM: somebody else's caBundle, only ever read. Undefined while
   * there is none; an empty one stands for the CAs of the system.
   */
  readonly published?: (() => Promise<string | undefined>) | undefined;
  /** Must pass once before this source is ready; default: nothing is probed. */
  readonly probe?: SelfProbe | undefined;
  /** Told of every failed round; the next round tries again. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * A certificate that someone else makes and renews, read from files. A change is seen by content (a
 * mounted Secret changes by symbolic link, with any time stamp); a pair that does not fit, as in
 * the middle of a change, keeps the last good one.
 */
export class FileSource implements CertificateSource {
  readonly #options: FileSourceOptions;
  readonly #subscribers = new Subscribers();
  #current: ServingCertificate | undefined;
  #print = '';
  #probed: string | undefined;
  #lastError: string | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
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
      ? { ready: true, reason: this.#lastError ?? 'certificate was read from files' }
      : { ready: false, reason: this.#lastError ?? problem };
  }

  /** Reads the files once. Never rejects; see `status` and `onError`. */
  async refresh(): Promise<void> {
    let failure: unknown;
    for (const step of [() => this.#reload(), () => this.#probe()]) {
      await step().catch((error: unknown) => {
        failure ??= error;
        this.#options.onError?.(error);
      });
    }
    if (failure === undefined) this.#lastError = undefined;
    else this.#lastError = failure instanceof Error ? failure.message : 'unknown failure';
  }

  async #reload(): Promise<void> {
    const { certificate, privateKey, authority } = this.#options.files;
    const [certificatePem = '', privateKeyPem = '', bundlePem = ''] = await Promise.all(
      [certificate, privateKey, ...(authority === undefined ? [] : [authority])].map((file) =>
        readFile(file, 'utf8'),
      ),
    );
    const print = printOf([certificatePem, privateKeyPem, bundlePem]);
    if (print === this.#print) return;
    const notAfter = this.#check(certificatePem, privateKeyPem, bundlePem);
    const next = { certificatePem, privateKeyPem, bundlePem, notAfter };
    // A server may refuse what fits (OpenSSL: a key that is too short); it then serves the last good pair.
    this.#subscribers.tell(next);
    this.#print = print;
    this.#current = next;
  }

  /** Meets our own server with what is published, until that has worked for this certificate. */
  async #probe(): Promise<void> {
    const { probe, published } = this.#options;
    if (probe === undefined || this.#current === undefined || this.#probed === this.#print) return;
    const print = this.#print;
    const bundlePem = published === undefined ? this.#current.bundlePem : await published();
    if (bundlePem === undefined) throw invalid('the webhook is not configured');
    await probe(this.#current, bundlePem === '' ? undefined : bundlePem);
    this.#probed = print;
  }

  #problem(): string | undefined {
    if (this.#current === undefined) return 'no certificate yet';
    if (this.#options.now() >= this.#current.notAfter) return 'the certificate has expired';
    if (this.#options.probe === undefined || this.#probed !== undefined) return undefined;
    return 'the server was not probed yet';
  }

  #check(certificatePem: string, privateKeyPem: string, bundlePem: string): number {
    const { files, now } = this.#options;
    const chain = readBundle(certificatePem);
    const [leaf] = chain;
    if (leaf === undefined) throw invalid(`${files.certificate}: no certificate`);
    if (!fits(leaf, privateKeyPem)) {
      throw invalid(`${files.privateKey}: does not belong to the certificate`);
    }
    if (files.authority !== undefined) {
      const roots = readBundle(bundlePem);
      if (roots.length === 0) throw invalid(`${files.authority}: no certificate`);
      if (!chainsTo(chain, roots)) throw invalid(`${files.certificate}: not of ${files.authority}`);
    }
    if (now() < leaf.validFromDate.getTime()) {
      throw invalid(`${files.certificate}: is not valid yet`);
    }
    const notAfter = leaf.validToDate.getTime();
    if (now() >= notAfter) throw invalid(`${files.certificate}: has expired`);
    return notAfter;
  }
}

/** Whether each certificate is signed by the next, and the last by (or is) one of the roots. */
function chainsTo(chain: readonly X509Certificate[], roots: readonly X509Certificate[]): boolean {
  return chain.every((certificate, index) => {
    const next = chain[index + 1];
    return signed(certificate, next === undefined ? roots : [next, ...roots]);
  });
}

function signed(certificate: X509Certificate, issuers: readonly X509Certificate[]): boolean {
  return issuers.some(
    (issuer) =>
      certificate.fingerprint256 === issuer.fingerprint256 ||
      (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)),
  );
}

function fits(leaf: X509Certificate, privateKeyPem: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}

function printOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}

function invalid(problem: string): PerihelionError {
  return new PerihelionError('PERI_CERTIFICATE_INVALID', problem);
}

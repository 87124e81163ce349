// SPDX-License-Identifier: Apache-2.0
import { constants, X509Certificate } from 'node:crypto';
import { TLSSocket, type PeerCertificate, type TlsOptions } from 'node:tls';
import { PerihelionError } from '#errors';

/** Who may call the webhook, by client certificate. */
export interface ClientAuthentication {
  /** CAs of the clients' certificates, PEM. */
  readonly caPem: string;
  /** Common names or alternative names (DNS, URI, email), one of which the certificate must have. */
  readonly allowedNames: readonly string[];
}

/** What the server's TLS needs for it. Session tickets are off: every connection is checked. */
export type ClientTlsOptions = Pick<
  TlsOptions,
  'ca' | 'requestCert' | 'rejectUnauthorized' | 'secureOptions'
>;

/**
 * Lets only callers with a certificate of a certain CA and name in. Without such a certificate the
 * handshake fails; with a certificate of another name the request is refused before its body is
 * read.
 */
export class ClientGate {
  #clients: ClientAuthentication | undefined;
  readonly #verdicts = new WeakMap<TLSSocket, string | undefined>();

  /**
   * @param clients undefined lets everybody in
   * @throws PerihelionError `PERI_CERTIFICATE_INVALID` if the PEM holds no certificate
   */
  constructor(clients: ClientAuthentication | undefined) {
    if (clients !== undefined) checkAuthorities(clients.caPem);
    this.#clients = clients;
  }

  /** Options for the server and for each of its secure contexts. */
  get tlsOptions(): ClientTlsOptions {
    if (this.#clients === undefined) return {};
    return {
      ca: this.#clients.caPem,
      requestCert: true,
      rejectUnauthorized: true,
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
  }

  /**
   * Other CAs from the next connection on; nothing where everybody is let in.
   * @throws PerihelionError `PERI_CERTIFICATE_INVALID`; the former CAs then stay
   */
  setAuthority(caPem: string): void {
    checkAuthorities(caPem);
    if (this.#clients !== undefined) this.#clients = { ...this.#clients, caPem };
  }

  /** Why a connection may not send requests; undefined if it may. Judged once per connection. */
  problem(socket: unknown): string | undefined {
    if (this.#clients === undefined) return undefined;
    if (!(socket instanceof TLSSocket)) return 'the connection is not encrypted';
    if (!this.#verdicts.has(socket)) this.#verdicts.set(socket, this.#judge(socket));
    return this.#verdicts.get(socket);
  }

  #judge(socket: TLSSocket): string | undefined {
    if (!socket.authorized) return 'a client certificate is required';
    const names = namesOf(socket.getPeerCertificate());
    const allowed = this.#clients?.allowedNames ?? [];
    if (names.some((name) => allowed.includes(name))) return undefined;
    return 'the client certificate has none of the allowed names';
  }
}

/** OpenSSL skips what it cannot read, and would then trust nobody. */
function checkAuthorities(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (cause) {
    throw new PerihelionError('PERI_CERTIFICATE_INVALID', 'a client CA cannot be read', { cause });
  }
  if (blocks.length === 0) {
    throw new PerihelionError('PERI_CERTIFICATE_INVALID', 'the client CA holds no certificate');
  }
}

/**
 * Names of a certificate that can be compared as they stand. A name with characters that would let
 * it pass for two (Node then quotes it) is left out.
 */
function namesOf(certificate: PeerCertificate): string[] {
  // Several common names come as an array; the type does not say so, nor that there may be none.
  const subject = certificate.subject as { readonly CN?: unknown } | undefined;
  const commonName = typeof subject?.CN === 'string' ? [subject.CN] : [];
  const alternatives: string[] = [];
  const pattern = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/gy;
  for (const [, kind = '', name = ''] of (certificate.subjectaltname ?? '').matchAll(pattern)) {
    if (['DNS', 'URI', 'email'].includes(kind) && !name.startsWith('"')) alternatives.push(name);
  }
  return [...commonName, ...alternatives];
}

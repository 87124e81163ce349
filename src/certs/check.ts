// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { PerihelionError } from '#errors';
import type { AlternativeNames } from './names.ts';

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

/** A certificate and its private key, PEM. */
export interface Pair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * Checks that a pair can sign server certificates now.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID naming the first fault.
 */
export function checkAuthority(pair: Pair, now: number): X509Certificate {
  const certificate = checkAuthorityPair(pair);
  demandValid('CA', certificate, now);
  return certificate;
}

/**
 * Checks that a pair is a CA and its key, valid at whatever time.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID naming the first fault.
 */
export function checkAuthorityPair(pair: Pair): X509Certificate {
  const certificate = readPair('CA', pair);
  demand(certificate.ca, 'CA: certificate is not a CA');
  demand(
    certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey),
    'CA: certificate is not signed by itself',
  );
  return certificate;
}

/**
 * Checks that a pair can serve under all these names now and is signed by that CA.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID naming the first fault.
 */
export function checkServer(
  pair: Pair,
  authority: X509Certificate,
  names: AlternativeNames,
  now: number,
): X509Certificate {
  const certificate = readPair('server', pair);
  demandValid('server', certificate, now);
  demand(!certificate.ca, 'server: certificate is a CA');
  demand(
    certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    'server: certificate is not signed by the CA',
  );
  demand(isForServers(certificate.keyUsage), 'server: certificate is not for servers');
  for (const name of names.dns) {
    const found = certificate.checkHost(name, { subject: 'never' });
    demand(found !== undefined, `server: certificate does not name ${name}`);
  }
  for (const ip of names.ip) {
    demand(certificate.checkIP(ip) !== undefined, `server: certificate does not name ${ip}`);
  }
  return certificate;
}

/**
 * Reads every certificate of a PEM bundle.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID if one cannot be read.
 */
export function readBundle(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => read('bundle: unreadable certificate', () => parse(block)));
}

function readPair(what: string, pair: Pair): X509Certificate {
  const certificate = read(`${what}: unreadable certificate`, () => parse(pair.certificatePem));
  const key: KeyObject = read(`${what}: unreadable private key`, () =>
    createPrivateKey(pair.privateKeyPem),
  );
  demand(certificate.checkPrivateKey(key), `${what}: private key belongs to another certificate`);
  return certificate;
}

function demandValid(what: string, certificate: X509Certificate, now: number): void {
  demand(now >= certificate.validFromDate.getTime(), `${what}: certificate is not valid yet`);
  demand(now < certificate.validToDate.getTime(), `${what}: certificate has expired`);
}

/** @param purposes extended key usage; undefined where the certificate has none */
function isForServers(purposes: readonly string[] | undefined): boolean {
  return purposes?.includes(SERVER_AUTHENTICATION) ?? false;
}

function parse(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

function read<T>(problem: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (cause) {
    throw new PerihelionError('PERI_CERTIFICATE_INVALID', problem, { cause });
  }
}

function demand(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new PerihelionError('PERI_CERTIFICATE_INVALID', problem);
}

// SPDX-License-Identifier: Apache-2.0
import { randomBytes, type X509Certificate } from 'node:crypto';
import { PerihelionError } from '#errors';
import { checkAuthority, checkServer, type Pair } from './check.ts';
import { encodeCertificate, type Subject } from './encode.ts';
import { newAuthorityKeyPair, newServerKeyPair } from './key.ts';
import { LIFETIMES } from './lifetimes.ts';
import type { AlternativeNames } from './names.ts';

const ORGANIZATION = 'Perihelion';

/** Makes a CA, checked. Each has a name of its own, so that two can stand in one bundle. */
export async function issueAuthority(
  now: number,
  lifetimeMilliseconds = LIFETIMES.authorityTurn + LIFETIMES.authorityMark,
): Promise<Pair> {
  const { privateKeyPem, publicKeyPem } = await newAuthorityKeyPair();
  const commonName = `perihelion-ca-${randomBytes(4).toString('hex')}`;
  const subject: Subject = { organization: ORGANIZATION, commonName };
  const certificatePem = await encodeCertificate(
    {
      publicKeyPem,
      subject,
      issuer: subject,
      issuerPublicKeyPem: publicKeyPem,
      now,
      lifetimeMilliseconds,
      names: undefined,
    },
    privateKeyPem,
  );
  const pair = { certificatePem, privateKeyPem };
  checkAuthority(pair, now);
  return pair;
}

/**
 * Makes a server's certificate signed by a CA of ours, checked. It never outlives the CA.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID if there is no name, the CA is unusable or the
 * result fails a check.
 */
export async function issueServer(
  authority: Pair,
  names: AlternativeNames,
  now: number,
  lifetimeMilliseconds = LIFETIMES.server,
): Promise<Pair> {
  const commonName = names.dns[0] ?? names.ip[0];
  if (commonName === undefined) {
    throw new PerihelionError('PERI_CERTIFICATE_INVALID', 'server: no name to serve under');
  }
  const issuer = checkAuthority(authority, now);
  const { privateKeyPem, publicKeyPem } = await newServerKeyPair();
  const certificatePem = await encodeCertificate(
    {
      publicKeyPem,
      // The names that count are the alternative ones; a common name is limited to 64 characters.
      subject: { organization: ORGANIZATION, commonName: commonName.slice(0, 64) },
      issuer: subjectOf(issuer),
      issuerPublicKeyPem: issuer.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      now,
      lifetimeMilliseconds: Math.min(lifetimeMilliseconds, issuer.validToDate.getTime() - now),
      names,
    },
    authority.privateKeyPem,
  );
  const pair = { certificatePem, privateKeyPem };
  checkServer(pair, issuer, names, now);
  return pair;
}

/** Subject of a CA that {@link issueAuthority} made; `checkServer` finds any other. */
function subjectOf(certificate: X509Certificate): Subject {
  const fields = new Map(
    certificate.subject.split('\n').map((line) => {
      const cut = line.indexOf('=');
      return [line.slice(0, cut), line.slice(cut + 1)] as const;
    }),
  );
  return { organization: fields.get('O') ?? '', commonName: fields.get('CN') ?? '' };
}

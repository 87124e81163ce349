// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';

/** A certificate and its key, PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** An RSA key pair, PEM: what service account tokens are signed with. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** A fresh RSA-2048 key pair. Nothing of it ever leaves the temporary folder of the run. */
export function newKeyPair(): KeyPair {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** A self-signed CA that lives for one day. */
export function newAuthority(commonName: string): Pair {
  return sign(commonName, undefined, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
}

/** A server certificate for the given DNS names and IP addresses. */
export function newServerPair(
  authority: Pair,
  commonName: string,
  names: { dns: readonly string[]; ips: readonly string[] },
): Pair {
  return sign(commonName, authority, [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        ...names.dns.map((value) => ({ type: 2, value })),
        ...names.ips.map((ip) => ({ type: 7, ip })),
      ],
    },
  ]);
}

function sign(commonName: string, authority: Pair | undefined, extensions: object[]): Pair {
  const keys = newKeyPair();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  // First byte 0x40 to 0x7f: positive, and without a leading zero, which Go takes for malformed.
  const serial = randomBytes(16);
  serial[0] = 0x40 | (serial[0]! & 0x3f);
  certificate.serialNumber = serial.toString('hex');
  const now = Date.now();
  certificate.validity.notBefore = new Date(now - 3_600_000);
  certificate.validity.notAfter = new Date(now + 86_400_000);
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(subject);
  certificate.setIssuer(
    authority === undefined
      ? subject
      : forge.pki.certificateFromPem(authority.certificate).subject.attributes,
  );
  certificate.setExtensions(extensions);
  certificate.sign(
    forge.pki.privateKeyFromPem(authority?.key ?? keys.privateKey),
    forge.md.sha256.create(),
  );
  return { certificate: forge.pki.certificateToPem(certificate), key: keys.privateKey };
}

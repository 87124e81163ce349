// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { AlternativeNames } from './names.ts';

const signBytes = promisify(sign);

/** Part of node-forge that its type declarations leave out. */
interface BodyWriter {
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
}

/** Clocks differ: a certificate is valid from one hour before it was made. */
export const BACKDATE_MILLISECONDS = 3_600_000;

/** A distinguished name: what we put into subjects and find in issuers. */
export interface Subject {
  readonly organization: string;
  readonly commonName: string;
}

/** What a certificate is to say. */
export interface CertificateContent {
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKeyPem: string;
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly issuerPublicKeyPem: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lifetimeMilliseconds: number;
  /** Undefined makes a CA certificate (keyCertSign, path length 0), names make a server's. */
  readonly names: AlternativeNames | undefined;
}

/**
 * Encodes and signs an X.509 certificate, PEM. node-forge only writes the ASN.1; the private key
 * never reaches it: node:crypto signs, on the thread pool. The caller checks the result with
 * `check.ts` before using it.
 */
export async function encodeCertificate(
  content: CertificateContent,
  issuerPrivateKeyPem: string,
): Promise<string> {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(content.publicKeyPem);
  certificate.serialNumber = newSerial();
  certificate.validity.notBefore = new Date(content.now - BACKDATE_MILLISECONDS);
  certificate.validity.notAfter = new Date(content.now + content.lifetimeMilliseconds);
  certificate.setSubject(attributes(content.subject));
  certificate.setIssuer(attributes(content.issuer));
  certificate.setExtensions([
    ...(content.names === undefined ? authorityExtensions() : serverExtensions(content.names)),
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(content.issuerPublicKeyPem) },
  ]);
  const algorithm = forge.pki.oids['sha256WithRSAEncryption'] ?? '';
  certificate.signatureOid = algorithm;
  certificate.siginfo.algorithmOid = algorithm;
  const body = (forge.pki as typeof forge.pki & BodyWriter).getTBSCertificate(certificate);
  certificate.tbsCertificate = body;
  const bytes = Buffer.from(forge.asn1.toDer(body).getBytes(), 'latin1');
  const signature = await signBytes('sha256', bytes, issuerPrivateKeyPem);
  certificate.signature = signature.toString('latin1');
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

function attributes(subject: Subject): forge.pki.CertificateField[] {
  return [
    { name: 'organizationName', value: subject.organization },
    { name: 'commonName', value: subject.commonName },
  ];
}

function authorityExtensions(): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
  ];
}

function serverExtensions(names: AlternativeNames): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        ...names.dns.map((value) => ({ type: 2, value })),
        ...names.ip.map((ip) => ({ type: 7, ip })),
      ],
    },
  ];
}

/** 16 random bytes, hexadecimal; the first lies in 0x40..0x7f: positive, and never shortened. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** RFC 5280, 4.2.1.2 (1): SHA-1 of the public key's bits; a name, not a protection. */
function keyIdentifier(publicKeyPem: string): string {
  const bits = createPublicKey(publicKeyPem).export({ type: 'pkcs1', format: 'der' });
  return createHash('sha1').update(bits).digest('binary');
}

// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { AlternativeNames } from './names.ts';

const signBytes = promisify(sign);

/** Parts of node-forge that its type declarations leave out. */
interface BodyWriter {
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
}
interface DerReader {
  /** Without decoding, a point that happens to look like ASN.1 is not taken for it. */
  fromDer(bytes: string, options: { strict: boolean; decodeBitStrings: boolean }): forge.asn1.Asn1;
}

/** Where the subject's public key stands in the body of a certificate (RFC 5280, 4.1). */
const PUBLIC_KEY_FIELD = 6;

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
  // forge knows RSA alone: this stands in for the key until the body is written.
  certificate.publicKey = forge.pki.publicKeyFromPem(content.issuerPublicKeyPem);
  certificate.serialNumber = newSerial();
  certificate.validity.notBefore = new Date(content.now - BACKDATE_MILLISECONDS);
  certificate.validity.notAfter = new Date(content.now + content.lifetimeMilliseconds);
  certificate.setSubject(attributes(content.subject));
  certificate.setIssuer(attributes(content.issuer));
  certificate.setExtensions([
    ...(content.names === undefined ? authorityExtensions() : serverExtensions(content.names)),
    { name: 'subjectKeyIdentifier', value: octets(keyIdentifier(content.publicKeyPem)) },
    { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(content.issuerPublicKeyPem) },
  ]);
  const algorithm = forge.pki.oids['sha256WithRSAEncryption'] ?? '';
  certificate.signatureOid = algorithm;
  certificate.siginfo.algorithmOid = algorithm;
  const body = (forge.pki as typeof forge.pki & BodyWriter).getTBSCertificate(certificate);
  (body.value as forge.asn1.Asn1[])[PUBLIC_KEY_FIELD] = publicKeyInfo(content.publicKeyPem);
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
    // With a key that only signs there is nothing to encipher (RFC 8813).
    { name: 'keyUsage', critical: true, digitalSignature: true },
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

/** The SubjectPublicKeyInfo as node:crypto writes it, whatever kind of key it is. */
function publicKeyInfo(publicKeyPem: string): forge.asn1.Asn1 {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  const reader = forge.asn1 as typeof forge.asn1 & DerReader;
  return reader.fromDer(der.toString('binary'), { strict: true, decodeBitStrings: false });
}

/** RFC 5280, 4.2.1.2 (1): SHA-1 of the public key's bits; a name, not a protection. */
function keyIdentifier(publicKeyPem: string): string {
  const [, bitString] = publicKeyInfo(publicKeyPem).value as forge.asn1.Asn1[];
  const bits = bitString?.value as string;
  // The first byte of a bit string counts its unused bits, of which a key has none.
  return createHash('sha1').update(bits.slice(1), 'binary').digest('binary');
}

function octets(bytes: string): forge.asn1.Asn1 {
  const { Class, Type } = forge.asn1;
  return forge.asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, bytes);
}

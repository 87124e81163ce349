// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { TlsMaterial } from '#admission/server/server.ts';

/** Name that the API server would call the webhook by. */
export const SERVER_NAME = 'perihelion.perihelion-system.svc';

/** A self-signed certificate for {@link SERVER_NAME}, made anew for every run. */
export async function selfSigned(serial: string): Promise<TlsMaterial> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = serial;
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  // A subject of its own: a trust store looks certificates up by subject.
  const name = [{ name: 'commonName', value: `test ${serial}` }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: SERVER_NAME }] },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(pair.privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: pair.privateKey };
}

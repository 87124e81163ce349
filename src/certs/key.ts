// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** A fresh key pair, PEM. */
export interface KeyPair {
  /** PKCS#8. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
}

/** Makes a CA's key pair (RSA-2048) on the thread pool, so that no admission waits for it. */
export async function newAuthorityKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}

/**
 * Makes a server's key pair (P-256). Each connection costs its server one signature, which takes a
 * tenth of the time that one of RSA does: a mass start opens hundreds of connections at once.
 */
export async function newServerKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}

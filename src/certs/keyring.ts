// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { PerihelionError } from '#errors';
import { checkAuthority, type Pair } from './check.ts';
import { issueAuthority } from './issue.ts';

/** What one installation shares between its replicas. */
export interface Keyring {
  /** Signs the leaf of each replica. */
  readonly authority: Pair;
  /** Signs decision annotations: 32 random bytes. */
  readonly decisionKey: Buffer;
}

/** Keys of the Secret's data. */
export const SECRET_KEYS = {
  certificate: 'ca.crt',
  privateKey: 'ca.key',
  decision: 'decision-key',
} as const;

const DECISION_KEY_BYTES = 32;

/** Data of the Secret, decoded from base64. */
export type SecretData = ReadonlyMap<string, Buffer>;

/**
 * The keyring in a Secret's data. A part that is not there at all (an empty Secret made by an
 * installer, a Secret of an older version) is undefined: it may be filled in. A part that is there
 * but unusable is an error: nothing of it is ever overwritten.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID
 */
export function readKeyring(data: SecretData, now: number): Partial<Keyring> {
  const authority = readAuthority(data, now);
  const decisionKey = readDecisionKey(data);
  return {
    ...(authority === undefined ? {} : { authority }),
    ...(decisionKey === undefined ? {} : { decisionKey }),
  };
}

/**
 * The decision-signing key alone: all that the learner needs of the Secret.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID if it is there but has not 32 bytes.
 */
export function readDecisionKey(data: SecretData): Buffer | undefined {
  const key = data.get(SECRET_KEYS.decision);
  if (key === undefined || key.length === DECISION_KEY_BYTES) return key;
  throw invalid(`${SECRET_KEYS.decision}: found ${key.length} bytes, expected 32`);
}

/** The data of a Secret that holds this keyring. */
export function writeKeyring(keyring: Keyring): SecretData {
  return new Map([
    [SECRET_KEYS.certificate, Buffer.from(keyring.authority.certificatePem)],
    [SECRET_KEYS.privateKey, Buffer.from(keyring.authority.privateKeyPem)],
    [SECRET_KEYS.decision, keyring.decisionKey],
  ]);
}

/** Fills in what is missing with fresh keys. */
export async function completeKeyring(parts: Partial<Keyring>, now: number): Promise<Keyring> {
  return {
    authority: parts.authority ?? (await issueAuthority(now)),
    decisionKey: parts.decisionKey ?? randomBytes(DECISION_KEY_BYTES),
  };
}

function readAuthority(data: SecretData, now: number): Pair | undefined {
  const certificate = data.get(SECRET_KEYS.certificate);
  const privateKey = data.get(SECRET_KEYS.privateKey);
  if (certificate === undefined && privateKey === undefined) return undefined;
  if (certificate === undefined) throw invalid(`${SECRET_KEYS.certificate} is missing`);
  if (privateKey === undefined) throw invalid(`${SECRET_KEYS.privateKey} is missing`);
  const pair = {
    certificatePem: certificate.toString('utf8'),
    privateKeyPem: privateKey.toString('utf8'),
  };
  checkAuthority(pair, now);
  return pair;
}

function invalid(problem: string): PerihelionError {
  return new PerihelionError('PERI_CERTIFICATE_INVALID', `Secret: ${problem}`);
}

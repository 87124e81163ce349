// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { PerihelionError } from '#errors';
import { issueAuthority } from './issue.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { SecretStore } from './ports.ts';
import { entryOf, writeSlot, type AuthorityEntry } from './slot.ts';
import { expiryBeside, firstExpiry, type Authorities } from './succession.ts';

/** What one installation shares between its replicas. */
export interface Keyring {
  /** Both are published at all times; one of them signs the leaf of each replica. */
  readonly authorities: Authorities;
  /** Signs decision annotations: 32 random bytes. */
  readonly decisionKey: Buffer;
}

/** Key of the Secret's data with the decision key; those of the CAs are in `slot.ts`. */
export const DECISION_KEY = 'decision-key';

const DECISION_KEY_BYTES = 32;
const ATTEMPTS = 5;

/** Data of the Secret, decoded from base64. */
export type SecretData = ReadonlyMap<string, Buffer>;

/**
 * The decision-signing key alone: all that the learner needs of the Secret.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID if it is there but has not 32 bytes.
 */
export function readDecisionKey(data: SecretData): Buffer | undefined {
  const key = data.get(DECISION_KEY);
  if (key === undefined || key.length === DECISION_KEY_BYTES) return key;
  throw new PerihelionError(
    'PERI_CERTIFICATE_INVALID',
    `Secret: ${DECISION_KEY}: found ${key.length} bytes, expected 32`,
  );
}

/** A fresh decision key. */
export function newDecisionKey(): Buffer {
  return randomBytes(DECISION_KEY_BYTES);
}

/**
 * Reads the decision key, makes it if there is none, and leaves everything else of the Secret
 * alone: for an installation whose certificates somebody else makes.
 *
 * Rejects with PERI_CERTIFICATE_INVALID if the key is unusable, or with the store's error.
 */
export async function ensureDecisionKey(store: SecretStore): Promise<Buffer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const secret = await store.read();
    const key = secret === undefined ? undefined : readDecisionKey(secret.data);
    if (key !== undefined) return key;
    const data = new Map([[DECISION_KEY, newDecisionKey()]]);
    if (secret === undefined) await store.create(data);
    else await store.update(data, secret.resourceVersion);
  }
  throw changedTooOften(ATTEMPTS);
}

/** The data of a Secret that holds this keyring. */
export function writeKeyring(keyring: Keyring): SecretData {
  const [first, second] = keyring.authorities;
  return new Map([
    ...writeSlot(first, 0),
    ...writeSlot(second, 1),
    [DECISION_KEY, keyring.decisionKey],
  ]);
}

/** Two CAs where there was none: nobody trusts another, so both may sign at once. */
export async function firstAuthorities(now: number, lifetimes: Lifetimes): Promise<Authorities> {
  const expiry = firstExpiry(now, lifetimes);
  const [first, second] = await Promise.all([
    issueAuthority(now, expiry - now),
    issueAuthority(now, expiry - lifetimes.authorityTurn / 2 - now),
  ]);
  return [entryOf(first, now), entryOf(second, now)];
}

/**
 * A new CA beside one that stays. It signs nothing before it was published; only beside one that
 * has expired there is nothing to wait for.
 */
export async function authorityBeside(
  other: AuthorityEntry,
  now: number,
  lifetimes: Lifetimes,
): Promise<AuthorityEntry> {
  const expired = other.notAfter <= now;
  const expiry = expired ? firstExpiry(now, lifetimes) : expiryBeside(other, now, lifetimes);
  return entryOf(await issueAuthority(now, expiry - now), expired ? now : undefined);
}

/** Someone else always was faster. */
export function changedTooOften(attempts: number): PerihelionError {
  return new PerihelionError(
    'PERI_CERTIFICATE_INVALID',
    `Secret: changed by someone else ${attempts} times in a row`,
  );
}

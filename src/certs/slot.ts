// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { checkAuthorityPair, type Pair } from './check.ts';

/** One of the two CAs of an installation. Times in milliseconds since the epoch. */
export interface AuthorityEntry {
  readonly pair: Pair;
  /** SHA-256 of the certificate: how a published bundle is compared. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** From when on it may sign; undefined until it was seen published. */
  readonly activeAt: number | undefined;
}

/** Two CAs share the Secret; which of them signs is for `succession.ts` to say. */
export type SlotIndex = 0 | 1;

/** What a slot of the Secret holds. */
export type SlotReading =
  | { readonly kind: 'good'; readonly entry: AuthorityEntry }
  /** Nothing at all: it may be filled in. */
  | { readonly kind: 'missing' }
  /** Something, but not a CA with its key. */
  | { readonly kind: 'broken'; readonly problem: string };

/** Keys of the slots. The first ones are those of the format with a single CA. */
export const SLOT_KEYS = [
  { certificate: 'ca.crt', privateKey: 'ca.key', activeAt: 'ca.active-at' },
  { certificate: 'ca-2.crt', privateKey: 'ca-2.key', activeAt: 'ca-2.active-at' },
] as const;

/** Stands for {@link AuthorityEntry.activeAt} until the CA was seen published. */
const PENDING = 'when-published';

/**
 * Reads a slot. Whether the CA is valid now is not asked here: an expired one is renewed, one that
 * is not valid yet means that a clock is wrong, and neither is broken.
 */
export function readSlot(data: ReadonlyMap<string, Buffer>, index: SlotIndex): SlotReading {
  const keys = SLOT_KEYS[index];
  const certificate = data.get(keys.certificate);
  const privateKey = data.get(keys.privateKey);
  if (certificate === undefined && privateKey === undefined) return { kind: 'missing' };
  if (certificate === undefined) return broken(`${keys.certificate} is missing`);
  if (privateKey === undefined) return broken(`${keys.privateKey} is missing`);
  const pair = {
    certificatePem: certificate.toString('utf8'),
    privateKeyPem: privateKey.toString('utf8'),
  };
  try {
    return { kind: 'good', entry: entryOf(pair, activationOf(data.get(keys.activeAt))) };
  } catch (error) {
    if (!(error instanceof PerihelionError)) throw error;
    return broken(`${keys.certificate}, ${keys.privateKey}: ${error.message}`);
  }
}

/** The data of a Secret that holds this CA in that slot. */
export function writeSlot(entry: AuthorityEntry, index: SlotIndex): [string, Buffer][] {
  const keys = SLOT_KEYS[index];
  const { pair, activeAt } = entry;
  const active = activeAt === undefined ? PENDING : new Date(activeAt).toISOString();
  return [
    [keys.certificate, Buffer.from(pair.certificatePem)],
    [keys.privateKey, Buffer.from(pair.privateKeyPem)],
    [keys.activeAt, Buffer.from(active)],
  ];
}

/**
 * A CA with its times read from its certificate.
 *
 * @throws PerihelionError PERI_CERTIFICATE_INVALID if the pair is not a CA and its key.
 */
export function entryOf(pair: Pair, activeAt: number | undefined): AuthorityEntry {
  const certificate = checkAuthorityPair(pair);
  const notBefore = certificate.validFromDate.getTime();
  const notAfter = certificate.validToDate.getTime();
  return { pair, fingerprint: certificate.fingerprint256, notBefore, notAfter, activeAt };
}

/** Without a time it is the format with a single CA, which was always in use. */
function activationOf(text: Buffer | undefined): number | undefined {
  if (text === undefined) return 0;
  const time = Date.parse(text.toString('utf8'));
  return Number.isNaN(time) ? undefined : time;
}

function broken(problem: string): SlotReading {
  return { kind: 'broken', problem };
}

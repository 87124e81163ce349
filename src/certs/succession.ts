// SPDX-License-Identifier: Apache-2.0
import type { Lifetimes } from './lifetimes.ts';
import type { AuthorityEntry, SlotIndex } from './slot.ts';

/** The two CAs of an installation, by slot. */
export type Authorities = readonly [AuthorityEntry, AuthorityEntry];

/** An activation later than this from now was written by a clock that is wrong. */
const CLOCK_TOLERANCE_MILLISECONDS = 3_600_000;

/** Whether a certificate of this CA may be shown to clients now. */
export function maySign(entry: AuthorityEntry, now: number): boolean {
  const active = entry.activeAt !== undefined && entry.activeAt <= now;
  return active && entry.notBefore <= now && now < entry.notAfter;
}

/** Whether its activation is still to be written (or was written by a wrong clock). */
export function needsActivation(entry: AuthorityEntry, now: number): boolean {
  return entry.activeAt === undefined || entry.activeAt > now + CLOCK_TOLERANCE_MILLISECONDS;
}

/** Who signs is asked for with this. */
export interface SignerQuestion {
  readonly now: number;
  /** Whether clients are told of this CA, as last read back. */
  readonly published: (entry: AuthorityEntry) => boolean;
  /** Fingerprint of the CA that signed what is served now. */
  readonly current: string | undefined;
}

/**
 * The CA to sign with: the longer-lived of those in use that clients are told of. Where clients are
 * told of none (a blanked bundle, not installed yet) the present one stays, since a change could
 * not make anything better. Undefined if none may sign.
 */
export function signerOf(
  authorities: Authorities,
  question: SignerQuestion,
): AuthorityEntry | undefined {
  const { now, published, current } = question;
  const usable = authorities.filter((entry) => maySign(entry, now));
  return (
    longestLived(usable.filter(published)) ??
    usable.find(({ fingerprint }) => fingerprint === current) ??
    longestLived(usable)
  );
}

/**
 * The slot to renew now: the one that expires first, once it is below the mark. While the other is
 * not in use nothing is renewed: one CA that everybody trusts always stays. Nor is it renewed
 * before the certificates it may have signed are gone, unless it has expired itself.
 */
export function dueSlot(
  authorities: Authorities,
  now: number,
  lifetimes: Lifetimes,
): SlotIndex | undefined {
  const index: SlotIndex = authorities[0].notAfter < authorities[1].notAfter ? 0 : 1;
  const older = authorities[index];
  const other = authorities[index === 0 ? 1 : 0];
  if (older.notAfter - now >= lifetimes.authorityMark || !maySign(other, now)) return undefined;
  const settled = (other.activeAt ?? 0) + lifetimes.server <= now;
  return settled || older.notAfter <= now ? index : undefined;
}

/** End of life of a new CA beside this one: half a turn later, never more than a turn and the mark. */
export function expiryBeside(other: AuthorityEntry, now: number, lifetimes: Lifetimes): number {
  return Math.min(other.notAfter + lifetimes.authorityTurn / 2, firstExpiry(now, lifetimes));
}

/** End of life of the first CA of all. */
export function firstExpiry(now: number, lifetimes: Lifetimes): number {
  return now + lifetimes.authorityTurn + lifetimes.authorityMark;
}

function longestLived(entries: readonly AuthorityEntry[]): AuthorityEntry | undefined {
  return entries.reduce<AuthorityEntry | undefined>(
    (best, entry) => (best === undefined || entry.notAfter > best.notAfter ? entry : best),
    undefined,
  );
}

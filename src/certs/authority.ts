// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { PerihelionError } from '#errors';
import {
  authorityBeside,
  changedTooOften,
  DECISION_KEY,
  firstAuthorities,
  newDecisionKey,
  readDecisionKey,
  type Keyring,
  type SecretData,
} from './keyring.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { SecretStore } from './ports.ts';
import { readSlot, writeSlot, type AuthorityEntry, type SlotReading } from './slot.ts';
import { dueSlot, needsActivation, type Authorities } from './succession.ts';

/** Tries to win or lose a race with another replica; each lost one ends in reading its work. */
const ATTEMPTS = 5;

/** What an {@link Authority} is made of. */
export interface AuthorityOptions {
  readonly store: SecretStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly lifetimes: Lifetimes;
  /** Whether the clock can be believed; while it cannot, no CA is replaced for its age. */
  readonly clockIsSteady: () => boolean;
}

/** What the Secret should hold, and how it differs. */
interface Plan {
  readonly keyring: Keyring;
  readonly changes: SecretData;
}

/**
 * The two CAs and the decision key of this installation, kept in one Secret that all replicas
 * share. Whoever comes first makes and renews them, and writes only over the version it has read; a
 * replica that loses the race takes the winner's.
 */
export class Authority {
  readonly #options: AuthorityOptions;
  #keyring: Keyring | undefined;
  #broken: { readonly print: string; readonly since: number } | undefined;

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /** The last good keyring; undefined until {@link refresh} succeeded once. */
  get keyring(): Keyring | undefined {
    return this.#keyring;
  }

  /** CA certificates to publish, PEM. A function of the Secret, so that all replicas agree. */
  get bundlePem(): string {
    return (this.#keyring?.authorities ?? []).map(({ pair }) => pair.certificatePem).join('');
  }

  /**
   * Reads the Secret, makes it if it is missing, fills in what it lacks, renews the CA that is due.
   * A Secret that was deleted while this process runs is made again with the keys in use, so that
   * nothing in the cluster notices; one that stays unusable is mended with them.
   *
   * Rejects with PERI_CERTIFICATE_INVALID while the Secret holds something unusable, or with the
   * store's error; the last good keyring then stays.
   */
  refresh(): Promise<Keyring> {
    const mayRenew = this.#options.clockIsSteady();
    return this.#settle((data) => this.#plan(data, mayRenew));
  }

  /**
   * Sets the time from which a new CA may sign, for each that was seen published. The time stands
   * in the Secret: all replicas wait for the same moment. Rejects as {@link refresh} does.
   */
  async activate(published: (entry: AuthorityEntry) => boolean): Promise<void> {
    const { now, lifetimes } = this.#options;
    const waits = (entry: AuthorityEntry): boolean =>
      needsActivation(entry, now()) && published(entry);
    if (this.#keyring?.authorities.some(waits) !== true) return;
    await this.#settle(async (data) => {
      const { keyring, changes } = await this.#plan(data, false);
      const authorities = mapBoth(keyring.authorities, (entry) =>
        waits(entry) ? { ...entry, activeAt: now() + lifetimes.propagation } : entry,
      );
      return {
        keyring: { ...keyring, authorities },
        changes: new Map([...changes, ...slotChanges(keyring.authorities, authorities)]),
      };
    });
  }

  /** Plans and writes until the Secret is as planned. */
  async #settle(plan: (data: SecretData) => Promise<Plan>): Promise<Keyring> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const secret = await this.#options.store.read();
      const { keyring, changes } = await plan(secret?.data ?? new Map<string, Buffer>());
      if (changes.size === 0) {
        this.#keyring = keyring;
        return keyring;
      }
      // Either answer leads to reading again: what counts is what the Secret holds then.
      if (secret === undefined) await this.#options.store.create(changes);
      else await this.#options.store.update(changes, secret.resourceVersion);
    }
    throw changedTooOften(ATTEMPTS);
  }

  async #plan(data: SecretData, mayRenew: boolean): Promise<Plan> {
    const { now, lifetimes } = this.#options;
    const former = this.#keyring?.authorities;
    const readings = [readSlot(data, 0), readSlot(data, 1)] as const;
    this.#judge(data, readings);
    const kept = mapBoth(readings, (reading, index) =>
      reading.kind === 'good' ? reading.entry : former?.[index],
    );
    const authorities = await complete(kept, { now: now(), lifetimes, mayRenew });
    const stored = mapBoth(readings, (reading) =>
      reading.kind === 'good' ? reading.entry : undefined,
    );
    const changes = slotChanges(stored, authorities);
    const found = readDecisionKey(data);
    const decisionKey = found ?? this.#keyring?.decisionKey ?? newDecisionKey();
    if (found === undefined) changes.set(DECISION_KEY, decisionKey);
    return { keyring: { authorities, decisionKey }, changes };
  }

  /**
   * Lets nothing unusable be overwritten before it has stayed the same for a while: it may be half
   * of somebody's change. A replica that knows the good keys goes first, one without later.
   */
  #judge(data: SecretData, readings: readonly SlotReading[]): void {
    const problem = readings.find((reading) => reading.kind === 'broken')?.problem;
    if (problem === undefined) {
      this.#broken = undefined;
      return;
    }
    const { now, lifetimes } = this.#options;
    const print = printOf(data);
    if (this.#broken?.print !== print) this.#broken = { print, since: now() };
    const patience = lifetimes.heal * (this.#keyring === undefined ? 2 : 1);
    if (now() - this.#broken.since >= patience) return;
    throw new PerihelionError('PERI_CERTIFICATE_INVALID', `Secret: ${problem}`);
  }
}

interface CompleteOptions {
  readonly now: number;
  readonly lifetimes: Lifetimes;
  readonly mayRenew: boolean;
}

/** Fills empty slots and renews the one that is due. */
async function complete(
  [first, second]: Pair<AuthorityEntry | undefined>,
  { now, lifetimes, mayRenew }: CompleteOptions,
): Promise<Authorities> {
  if (first === undefined && second === undefined) return firstAuthorities(now, lifetimes);
  if (first === undefined || second === undefined) {
    const stays = (first ?? second) as AuthorityEntry;
    const made = await authorityBeside(stays, now, lifetimes);
    return first === undefined ? [made, stays] : [stays, made];
  }
  const both: Authorities = [first, second];
  if (!mayRenew) return both;
  if (both.every(({ notAfter }) => notAfter <= now)) return firstAuthorities(now, lifetimes);
  const due = dueSlot(both, now, lifetimes);
  if (due === undefined) return both;
  return due === 0
    ? [await authorityBeside(second, now, lifetimes), second]
    : [first, await authorityBeside(first, now, lifetimes)];
}

type Pair<T> = readonly [T, T];

function mapBoth<T, U>([first, second]: Pair<T>, change: (value: T, index: 0 | 1) => U): [U, U] {
  return [change(first, 0), change(second, 1)];
}

function slotChanges(
  before: Pair<AuthorityEntry | undefined>,
  after: Authorities,
): Map<string, Buffer> {
  const changed = mapBoth(after, (entry, index) =>
    entry === before[index] ? [] : writeSlot(entry, index),
  );
  return new Map(changed.flat());
}

function printOf(data: SecretData): string {
  const hash = createHash('sha256');
  for (const key of [...data.keys()].sort()) {
    const value = data.get(key) ?? Buffer.alloc(0);
    hash.update(`${key.length}:${value.length}:${key}`).update(value);
  }
  return hash.digest('hex');
}

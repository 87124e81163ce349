// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { completeKeyring, readKeyring, writeKeyring, type Keyring } from './keyring.ts';
import type { SecretStore } from './ports.ts';

/** Tries to win or lose a race with another replica; each lost one ends in reading its work. */
const ATTEMPTS = 5;

/**
 * The CA and the decision key of this installation, kept in one Secret that all replicas share.
 * The first replica makes them; a replica that loses the race takes the winner's.
 */
export class Authority {
  readonly #store: SecretStore;
  readonly #now: () => number;
  #keyring: Keyring | undefined;

  /** @param now milliseconds since the epoch */
  constructor(store: SecretStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** The last good keyring; undefined until {@link refresh} succeeded once. */
  get keyring(): Keyring | undefined {
    return this.#keyring;
  }

  /** CA certificates to publish, PEM; more than one while one replaces the other. */
  get bundlePem(): string {
    return this.#keyring?.authority.certificatePem ?? '';
  }

  /**
   * Reads the Secret, makes it if it is missing, fills in what it lacks. A Secret that was deleted
   * while this process runs is made again with the keys in use, so that nothing in the cluster
   * notices.
   *
   * Rejects with PERI_CERTIFICATE_INVALID if the Secret holds something unusable, or with the
   * store's error; the last good keyring then stays.
   */
  async refresh(): Promise<Keyring> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const secret = await this.#store.read();
      const parts = secret === undefined ? {} : readKeyring(secret.data, this.#now());
      const keyring = await this.#complete(parts);
      if (parts.authority !== undefined && parts.decisionKey !== undefined) {
        this.#keyring = keyring;
        return keyring;
      }
      const data = writeKeyring(keyring);
      // Either answer leads to reading again: what counts is what the Secret holds then.
      if (secret === undefined) await this.#store.create(data);
      else await this.#store.update(data, secret.resourceVersion);
    }
    throw new PerihelionError(
      'PERI_CERTIFICATE_INVALID',
      `Secret: changed by someone else ${ATTEMPTS} times in a row`,
    );
  }

  #complete(parts: Partial<Keyring>): Promise<Keyring> {
    return completeKeyring({ ...this.#keyring, ...parts }, this.#now());
  }
}

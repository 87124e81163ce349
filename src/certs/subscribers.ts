// SPDX-License-Identifier: Apache-2.0
import type { ServingCertificate } from './source.ts';

type Listener = (certificate: ServingCertificate) => void;

/** Who wants to know of a new certificate. */
export class Subscribers {
  readonly #listeners = new Set<{ readonly listener: Listener }>();

  /** @returns what ends the subscription. */
  add(listener: Listener): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Tells all, also if one of them throws; then throws the first error. */
  tell(certificate: ServingCertificate): void {
    const errors: unknown[] = [];
    for (const { listener } of this.#listeners) {
      try {
        listener(certificate);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

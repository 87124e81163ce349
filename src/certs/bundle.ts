// SPDX-License-Identifier: Apache-2.0
import { readBundle } from './check.ts';
import type { WebhookConfigurationStore } from './ports.ts';

/** Where publishing stands. */
export interface BundleStatus {
  /** Every webhook of ours trusts our CA, as last read from the API server. */
  readonly published: boolean;
  readonly reason: string;
}

/** What the API server trusts for all of our webhooks, as last read. */
export interface TrustedBundle {
  /** The bundle of the first of them, PEM. */
  readonly pem: string;
  /** SHA-256 of every certificate that all of them hold. */
  readonly fingerprints: ReadonlySet<string>;
}

const NOTHING: TrustedBundle = { pem: '', fingerprints: new Set() };

/**
 * Keeps `caBundle` of our webhooks filled with our CA: writes it when it is missing or differs
 * (blanked by an upgrade, overwritten by hand), and reads it back before saying that it is there.
 */
export class BundlePublisher {
  readonly #store: WebhookConfigurationStore;
  readonly #webhooks: readonly string[];
  #trusted = NOTHING;
  #status: BundleStatus = { published: false, reason: 'caBundle was not published yet' };

  /** @param webhooks names of the webhooks inside the configuration */
  constructor(store: WebhookConfigurationStore, webhooks: readonly string[]) {
    this.#store = store;
    this.#webhooks = webhooks;
  }

  get status(): BundleStatus {
    return this.#status;
  }

  /** Empty until the configuration was read, and where one of our webhooks is missing. */
  get trusted(): TrustedBundle {
    return this.#trusted;
  }

  /**
   * One round: read, write if needed, read back. Rejects with the store's error; the status then
   * says what was last known.
   */
  async publish(bundlePem: string): Promise<BundleStatus> {
    const before = await this.#read(bundlePem);
    if (before.missing.length === 0) return this.#judge(before);
    // All of ours, not only those in need: server-side apply takes away what a manager owned
    // and no longer names.
    await this.#store.applyBundle(before.present, bundlePem);
    return this.#judge(await this.#read(bundlePem));
  }

  async #read(bundlePem: string): Promise<Findings> {
    const bundles = (await this.#store.bundles()) ?? new Map<string, string>();
    const present = this.#webhooks.filter((name) => bundles.has(name));
    this.#trusted =
      present.length === this.#webhooks.length
        ? trustedBy(present.map((name) => bundles.get(name) ?? ''))
        : NOTHING;
    const wanted = fingerprints(bundlePem);
    const missing = present.filter((name) => {
      const found = fingerprints(bundles.get(name) ?? '');
      return found.size !== wanted.size || [...wanted].some((print) => !found.has(print));
    });
    return { present, missing };
  }

  #judge({ present, missing }: Findings): BundleStatus {
    const absent = this.#webhooks.filter((name) => !present.includes(name));
    if (absent.length > 0) {
      this.#status = { published: false, reason: `webhook ${absent.join(', ')} is not configured` };
    } else if (missing.length > 0) {
      const reason = `caBundle of ${missing.join(', ')} does not hold our CA`;
      this.#status = { published: false, reason };
    } else {
      this.#status = { published: true, reason: 'caBundle holds our CA' };
    }
    return this.#status;
  }
}

/** Our webhooks in the configuration, and those of them without our CA. */
interface Findings {
  readonly present: readonly string[];
  readonly missing: readonly string[];
}

function trustedBy(bundles: readonly string[]): TrustedBundle {
  const [first = new Set<string>(), ...others] = bundles.map(fingerprints);
  const shared = [...first].filter((print) => others.every((other) => other.has(print)));
  return { pem: bundles[0] ?? '', fingerprints: new Set(shared) };
}

/** SHA-256 of every certificate; text that cannot be read counts as empty. */
function fingerprints(pem: string): ReadonlySet<string> {
  try {
    return new Set(readBundle(pem).map(({ fingerprint256 }) => fingerprint256));
  } catch {
    return new Set();
  }
}

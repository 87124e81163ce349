// SPDX-License-Identifier: Apache-2.0
import type { SecretStore, StoredSecret, WebhookConfigurationStore } from '#certs/ports.ts';

/** A Secret in memory with the API server's rules: create once, update by resourceVersion. */
export class MemorySecrets implements SecretStore {
  data: Map<string, Buffer> | undefined;
  version = 1;
  failure: Error | undefined;
  /** Runs once, right before the next write: another replica that is faster. */
  interference: (() => void) | undefined;

  read(): Promise<StoredSecret | undefined> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve(
      this.data === undefined
        ? undefined
        : { resourceVersion: String(this.version), data: new Map(this.data) },
    );
  }

  create(data: ReadonlyMap<string, Buffer>): Promise<boolean> {
    this.#interfere();
    if (this.data !== undefined) return Promise.resolve(false);
    this.set(data);
    return Promise.resolve(true);
  }

  update(data: ReadonlyMap<string, Buffer>, resourceVersion: string): Promise<boolean> {
    this.#interfere();
    if (this.data === undefined || resourceVersion !== String(this.version)) {
      return Promise.resolve(false);
    }
    this.set(new Map([...this.data, ...data]));
    return Promise.resolve(true);
  }

  set(data: ReadonlyMap<string, Buffer>): void {
    this.data = new Map(data);
    this.version += 1;
  }

  #interfere(): void {
    const { interference } = this;
    this.interference = undefined;
    interference?.();
  }
}

/** A webhook configuration in memory; like server-side apply it forgets what is not named again. */
export class MemoryConfiguration implements WebhookConfigurationStore {
  webhooks: Map<string, string> | undefined;
  readonly owned = new Set<string>();
  writes = 0;
  failure: Error | undefined;

  constructor(webhooks: Record<string, string> | undefined) {
    this.webhooks = webhooks === undefined ? undefined : new Map(Object.entries(webhooks));
  }

  bundles(): Promise<ReadonlyMap<string, string> | undefined> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve(this.webhooks === undefined ? undefined : new Map(this.webhooks));
  }

  applyBundle(webhooks: readonly string[], bundlePem: string): Promise<void> {
    this.writes += 1;
    for (const name of this.owned) if (!webhooks.includes(name)) this.webhooks?.set(name, '');
    this.owned.clear();
    for (const name of webhooks) {
      this.owned.add(name);
      this.webhooks?.set(name, bundlePem);
    }
    return Promise.resolve();
  }
}

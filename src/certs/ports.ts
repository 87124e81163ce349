// SPDX-License-Identifier: Apache-2.0

/** A Secret as read. */
export interface StoredSecret {
  readonly resourceVersion: string;
  /** Decoded from base64. */
  readonly data: ReadonlyMap<string, Buffer>;
}

/** The one Secret that holds this installation's keys. Every method rejects if the API fails. */
export interface SecretStore {
  /** Undefined if there is no such Secret. */
  read(): Promise<StoredSecret | undefined>;
  /** @returns false if someone else created it first. */
  create(data: ReadonlyMap<string, Buffer>): Promise<boolean>;
  /**
   * Sets these keys and keeps all others.
   *
   * @param resourceVersion of the Secret that the change is based on.
   * @returns false if the Secret has changed since, or is gone.
   */
  update(data: ReadonlyMap<string, Buffer>, resourceVersion: string): Promise<boolean>;
}

/** The one MutatingWebhookConfiguration. Every method rejects if the API fails. */
export interface WebhookConfigurationStore {
  /** `caBundle` (PEM, may be empty) by the webhook's name; undefined if it is not installed. */
  bundles(): Promise<ReadonlyMap<string, string> | undefined>;
  /** Sets `caBundle` of these webhooks, and no other field. */
  applyBundle(webhooks: readonly string[], bundlePem: string): Promise<void>;
}

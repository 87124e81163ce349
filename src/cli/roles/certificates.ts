// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { AdmissionServer, TlsMaterial } from '#admission/server/server.ts';
import { BundlePublisher } from '#certs/bundle.ts';
import { FileSource } from '#certs/file-source.ts';
import { ensureDecisionKey } from '#certs/keyring.ts';
import { KubeSecretStore, KubeWebhookConfigurationStore } from '#certs/kube-stores.ts';
import { ManagedSource } from '#certs/managed-source.ts';
import { alternativeNames } from '#certs/names.ts';
import { probeServer } from '#certs/probe.ts';
import { POLL_MILLISECONDS, runRounds } from '#certs/rounds.ts';
import type { CertificateSource, SelfProbe, ServingCertificate } from '#certs/source.ts';
import { sleep } from '#cluster/api/backoff.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import type { Settings } from '#settings/settings.ts';
import { certificateClock } from './clock.ts';

/** Name of our webhook inside its configuration. */
export const WEBHOOK_NAME = 'placement.perihelion.dev';

/** Between two tries to get the first certificate. */
const RETRY_MILLISECONDS = 1000;

/** What the certificates are made of. */
export interface CertificatesOptions {
  readonly settings: Settings;
  readonly client: KubeClient;
  readonly logger: Logger;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed: () => number;
  readonly registry: Registry;
}

/** The certificate being served and the key that signs decisions, as the settings want them. */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #source: CertificateSource;
  readonly #managed: ManagedSource | undefined;
  #address: AddressInfo | undefined;

  constructor(options: CertificatesOptions) {
    this.#options = options;
    const opened = options.settings.webhook.certificates === 'Files' ? this.#files() : undefined;
    this.#managed = opened === undefined ? this.#own() : undefined;
    this.#source = opened ?? (this.#managed as ManagedSource);
    this.#observe();
  }

  /** Why this replica should get no traffic; undefined if it may. */
  problem(): string | undefined {
    const { ready, reason } = this.#source.status;
    return ready ? undefined : reason;
  }

  /** Waits for the first certificate and the key that signs decisions. */
  async first(signal: AbortSignal): Promise<{ tls: TlsMaterial; decisionKey: Buffer }> {
    for (;;) {
      await this.#source.refresh();
      const certificate = this.#source.current();
      if (certificate !== undefined) {
        const decisionKey = await this.#decisionKey();
        if (decisionKey !== undefined) return { tls: materialOf(certificate), decisionKey };
      }
      signal.throwIfAborted();
      await sleep(RETRY_MILLISECONDS, signal);
    }
  }

  /** Keeps the certificate of this listening server fresh until the signal. */
  async keep(server: AdmissionServer, address: AddressInfo, signal: AbortSignal): Promise<void> {
    this.#address = address;
    const forget = this.#source.subscribe((next) => server.setSecureContext(materialOf(next)));
    await Promise.all([
      runRounds(this.#source, signal),
      watchClientAuthority(this.#options, server, signal),
    ]);
    forget();
  }

  #own(): ManagedSource {
    const { settings, client, elapsed } = this.#options;
    const { service, secret, configuration, extraNames } = settings.webhook;
    return new ManagedSource({
      secrets: new KubeSecretStore(client, settings.namespace, secret),
      publisher: new BundlePublisher(new KubeWebhookConfigurationStore(client, configuration), [
        WEBHOOK_NAME,
      ]),
      names: alternativeNames({ service, namespace: settings.namespace, extra: extraNames }),
      // Certificates live in real time, whatever clock decisions are taken by.
      now: certificateClock(client),
      elapsed,
      probe: this.#probe(),
      onError: this.#onError(),
    });
  }

  #files(): FileSource | undefined {
    const { settings, client } = this.#options;
    const { files, configuration } = settings.webhook;
    if (files === undefined) return undefined;
    const store = new KubeWebhookConfigurationStore(client, configuration);
    return new FileSource({
      files: {
        certificate: files.certificateFile,
        privateKey: files.privateKeyFile,
        authority: files.caFile,
      },
      now: certificateClock(client),
      published: async () => (await store.bundles())?.get(WEBHOOK_NAME),
      probe: this.#probe(),
      onError: this.#onError(),
    });
  }

  #probe(): SelfProbe {
    const { webhook, namespace } = this.#options.settings;
    const names = [`${webhook.service}.${namespace}.svc`, ...webhook.extraNames];
    return async ({ certificatePem }, bundlePem) => {
      // The first certificate is there before the server is; rounds follow.
      if (this.#address === undefined) return Promise.reject(new Error('the port is not open yet'));
      const { address, port } = this.#address;
      const host = LOOPBACK[address] ?? address;
      await probeServer({ host, port, names }, { certificatePem, bundlePem });
    };
  }

  async #decisionKey(): Promise<Buffer | undefined> {
    if (this.#managed !== undefined) return this.#managed.decisionKey;
    const { settings, client, logger } = this.#options;
    const store = new KubeSecretStore(client, settings.namespace, settings.webhook.secret);
    return ensureDecisionKey(store).catch((error: unknown) => {
      logger.warn({ err: error }, 'the signing key cannot be read');
      return undefined;
    });
  }

  #onError(): (error: unknown) => void {
    const { logger } = this.#options;
    return (error) => {
      const level = this.#address === undefined ? 'debug' : 'warn';
      logger[level]({ err: error }, 'certificate round failed');
    };
  }

  #observe(): void {
    const { registry } = this.#options;
    const source = this.#source;
    const managed = this.#managed;
    new Gauge({
      name: 'perihelion_certificate_not_after_seconds',
      help: 'End of life of the certificate being served, seconds since the epoch.',
      registers: [registry],
      collect() {
        const certificate = source.current();
        if (certificate !== undefined) this.set(certificate.notAfter / 1000);
      },
    });
    if (managed === undefined) return;
    new Gauge({
      name: 'perihelion_certificate_authority_not_after_seconds',
      help: 'End of life of the CAs in the Secret, seconds since the epoch.',
      labelNames: ['slot'],
      registers: [registry],
      collect() {
        for (const [index, notAfter] of managed.authoritiesNotAfter.entries()) {
          this.set({ slot: String(index + 1) }, notAfter / 1000);
        }
      },
    });
  }
}

/** Reads the CAs of the clients' certificates. */
export async function readClientAuthority(settings: Settings): Promise<string | undefined> {
  const { clientAuthentication } = settings.webhook;
  return clientAuthentication === undefined
    ? undefined
    : readFile(clientAuthentication.caFile, 'utf8');
}

/** Where a server that listens everywhere is met. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

async function watchClientAuthority(
  options: CertificatesOptions,
  server: AdmissionServer,
  signal: AbortSignal,
): Promise<void> {
  const { settings, logger } = options;
  if (settings.webhook.clientAuthentication === undefined) return;
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const next = await readClientAuthority(settings);
      if (next !== undefined && next !== last) server.setClientAuthority(next);
      last = next;
    } catch (error) {
      logger.warn({ err: error }, 'the CA of the clients cannot be used; the last one holds');
    }
    await sleep(POLL_MILLISECONDS, signal);
  }
}

function materialOf(certificate: ServingCertificate): TlsMaterial {
  return { cert: certificate.certificatePem, key: certificate.privateKeyPem };
}

// SPDX-License-Identifier: Apache-2.0
import { AdmissionServer } from '#admission/server/server.ts';
import type { BundlePublisher } from '#certs/bundle.ts';
import type { Lifetimes } from '#certs/lifetimes.ts';
import { ManagedSource } from '#certs/managed-source.ts';
import { alternativeNames } from '#certs/names.ts';
import type { SecretStore } from '#certs/ports.ts';
import { probeServer } from '#certs/probe.ts';
import type { RequestListener } from 'node:http';

/** What the API server calls the webhook. */
export const SERVICE = 'perihelion.perihelion-system.svc';

/** A 360-day turn of a CA in 360 seconds; everything else to match. */
export const COMPRESSED: Lifetimes = {
  authorityTurn: 360_000,
  authorityMark: 90_000,
  server: 80_000,
  propagation: 15_000,
  heal: 10_000,
};

export interface ReplicaOptions {
  readonly secrets: SecretStore;
  readonly publisher: () => BundlePublisher;
  readonly now: () => number;
  readonly lifetimes: Lifetimes;
  readonly app: RequestListener;
}

/** A server with certificates of its own, as one replica of the product has them. */
export class Replica {
  readonly errors: unknown[] = [];
  readonly #options: ReplicaOptions;
  #source: ManagedSource;
  #server: AdmissionServer | undefined;
  #port = 0;
  /** Certificates served so far. */
  leaves = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#source = this.#makeSource();
  }

  get port(): number {
    return this.#port;
  }

  get source(): ManagedSource {
    return this.#source;
  }

  /** Gets a first certificate and listens with it. */
  async start(): Promise<void> {
    await this.#source.refresh();
    const certificate = this.#source.current();
    if (certificate === undefined) throw new Error(String(this.errors[0]));
    this.#server = new AdmissionServer({
      app: this.#options.app,
      tls: { cert: certificate.certificatePem, key: certificate.privateKeyPem },
      elapsed: () => performance.now(),
      onTlsError: () => undefined,
    });
    this.#port = (await this.#server.listen({ port: 0, host: '127.0.0.1' })).port;
    // The first round had no port to probe yet.
    this.errors.length = 0;
    await this.#source.refresh();
  }

  /** Forgets everything but the port, as a process that is started again. */
  async restart(): Promise<void> {
    this.#source = this.#makeSource();
    await this.#source.refresh();
  }

  async stop(): Promise<void> {
    await this.#server?.close(0);
  }

  #makeSource(): ManagedSource {
    const { secrets, publisher, now, lifetimes } = this.#options;
    const source = new ManagedSource({
      secrets,
      publisher: publisher(),
      names: alternativeNames({
        service: 'perihelion',
        namespace: 'perihelion-system',
        extra: ['127.0.0.1'],
      }),
      now,
      lifetimes,
      probe: async ({ certificatePem }, bundlePem) => {
        const target = { host: '127.0.0.1', port: this.#port, names: [SERVICE] };
        await probeServer(target, { certificatePem, bundlePem });
      },
      onError: (error) => this.errors.push(error),
    });
    source.subscribe(({ certificatePem, privateKeyPem }) => {
      this.leaves += 1;
      this.#server?.setSecureContext({ cert: certificatePem, key: privateKeyPem });
    });
    return source;
  }
}

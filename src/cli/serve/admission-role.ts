// SPDX-License-Identifier: Apache-2.0
import { Gauge, type Registry } from 'prom-client';
import { type Admission, createAdmission } from '#admission/admission.ts';
import type { ReadinessCheck } from '#admission/operations.ts';
import type { AuditSink } from '#audit/sink.ts';
import { BundlePublisher } from '#certs/bundle.ts';
import { KubeSecretStore, KubeWebhookConfigurationStore } from '#certs/kube-stores.ts';
import { ManagedSource } from '#certs/managed-source.ts';
import { alternativeNames } from '#certs/names.ts';
import type { ServingCertificate } from '#certs/source.ts';
import { sleep } from '#cluster/backoff.ts';
import type { KubeClient } from '#cluster/client.ts';
import type { Informers } from '#cluster/informers.ts';
import type { Settings } from '#settings/settings.ts';
import { VERSION } from '../version.ts';
import type { ProductPorts } from './ports.ts';

/** Name of our webhook inside its configuration. */
export const WEBHOOK_NAME = 'placement.perihelion.dev';

/** Between two tries to get the first certificate. */
const RETRY_MILLISECONDS = 1000;
/** After the quiet time, requests still under way get as long as the API server waits. */
const GRACE_MILLISECONDS = 2000;

/** What the admission role is made of. */
export interface AdmissionRoleOptions {
  readonly settings: Settings;
  readonly ports: ProductPorts;
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly audit: AuditSink;
  readonly registry: Registry;
}

/** The running admission role. */
export interface AdmissionRole {
  readonly admission: Admission;
  /** The port that the webhook really listens on. */
  readonly port: number;
  readonly decisionKey: Buffer;
  readonly checks: readonly ReadinessCheck[];
  /** Goes away without losing a request. */
  drain(): Promise<void>;
  /** Closes at once. */
  stop(): Promise<void>;
}

/**
 * Starts the admission role: gets the certificate and the signing key (made on first use, shared
 * through one Secret), opens the port, keeps both fresh. Resolves once the port is open; whether
 * traffic may come is for the checks to say.
 *
 * @param signal ends the waiting and the certificate's rounds
 */
export async function startAdmissionRole(
  options: AdmissionRoleOptions,
  signal: AbortSignal,
): Promise<AdmissionRole> {
  const { settings, ports, client, informers, audit, registry } = options;
  const { webhook, namespace } = settings;
  const certificates = new ManagedSource({
    secrets: new KubeSecretStore(client, namespace, webhook.secret),
    publisher: new BundlePublisher(
      new KubeWebhookConfigurationStore(client, webhook.configuration),
      [WEBHOOK_NAME],
    ),
    names: alternativeNames({
      service: webhook.service,
      namespace,
      extra: webhook.extraNames,
    }),
    // Certificates live in real time, whatever clock decisions are taken by.
    now: () => Date.now(),
    onError: (error) => ports.logger.warn({ err: error }, 'certificate round failed'),
  });
  const { certificate, decisionKey } = await firstCertificate(certificates, signal);
  const admission = createAdmission({
    view: informers.view,
    policies: informers.policies,
    models: informers.models,
    audit,
    registry,
    logger: ports.logger,
    now: ports.now,
    elapsed: ports.elapsed,
    newId: ports.newId,
    decisionKey,
    ownNamespace: namespace,
    versions: { perihelion: VERSION },
  });
  const forget = informers.view.onPod((change) => {
    if (change.after === undefined) {
      if (change.before !== undefined) admission.podGone(change.before);
    } else admission.podSeen(change.after);
  });
  const server = admission.server(materialOf(certificate));
  const unsubscribe = certificates.subscribe((next) => server.setSecureContext(materialOf(next)));
  const expiry = new Gauge({
    name: 'perihelion_certificate_not_after_seconds',
    help: 'End of life of the certificate being served, seconds since the epoch.',
    registers: [registry],
    collect() {
      this.set((certificates.current() ?? certificate).notAfter / 1000);
    },
  });
  const rounds = certificates.run(signal);
  const { port } = await server.listen({ port: webhook.port, host: webhook.host });
  ports.logger.info({ port }, 'the webhook listens');
  const end = async (): Promise<void> => {
    forget();
    unsubscribe();
    registry.removeSingleMetric('perihelion_certificate_not_after_seconds');
    expiry.reset();
    await rounds;
  };
  return {
    admission,
    port,
    decisionKey,
    checks: [
      ...admission.checks,
      {
        name: 'certificate',
        problem: () => (certificates.status.ready ? undefined : certificates.status.reason),
      },
    ],
    drain: () =>
      admission.drain({
        quietMilliseconds: (settings.drainSeconds * 1000) / 2,
        longestMilliseconds: settings.drainSeconds * 1000,
        graceMilliseconds: GRACE_MILLISECONDS,
      }),
    async stop() {
      await server.close(0);
      await end();
    },
  };
}

async function firstCertificate(
  source: ManagedSource,
  signal: AbortSignal,
): Promise<{ certificate: ServingCertificate; decisionKey: Buffer }> {
  for (;;) {
    await source.refresh();
    const certificate = source.current();
    const { decisionKey } = source;
    if (certificate !== undefined && decisionKey !== undefined) return { certificate, decisionKey };
    signal.throwIfAborted();
    await sleep(RETRY_MILLISECONDS, signal);
  }
}

function materialOf(certificate: ServingCertificate): { cert: string; key: string } {
  return { cert: certificate.certificatePem, key: certificate.privateKeyPem };
}

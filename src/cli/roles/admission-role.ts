// SPDX-License-Identifier: Apache-2.0
import type { Registry } from 'prom-client';
import { type Admission, createAdmission } from '#admission/handling/admission.ts';
import type { ClientAuthentication } from '#admission/server/client-gate.ts';
import type { ReadinessCheck } from '#admission/server/operations.ts';
import type { AuditSink } from '#audit/sink.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import { InputError } from '#errors';
import type { Settings } from '#settings/settings.ts';
import { VERSION } from '#cli/command/version.ts';
import { Certificates, readClientAuthority } from './certificates.ts';
import type { ProductPorts } from './ports.ts';
import { startTracing } from './tracing.ts';

export { WEBHOOK_NAME } from './certificates.ts';

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
  const clients = await clientsOf(settings);
  const { logger, elapsed } = ports;
  const certificates = new Certificates({ settings, client, logger, elapsed, registry });
  const { tls, decisionKey } = await certificates.first(signal);
  const tracing = startTracing({ settings, ports, registry });
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
    clients,
    versions: { perihelion: VERSION },
    tracer: tracing?.tracer,
  });
  const forget = informers.view.onPod((change) => {
    if (change.after === undefined) admission.podGone(change.before);
    else admission.podSeen(change.after);
  });
  const server = admission.server(tls);
  const address = await server.listen({ port: webhook.port, host: webhook.host });
  ports.logger.info({ port: address.port }, 'the webhook listens');
  const kept = certificates.keep(server, address, signal);
  return {
    admission,
    port: address.port,
    decisionKey,
    checks: [...admission.checks, { name: 'certificate', problem: () => certificates.problem() }],
    drain: () =>
      admission.drain({
        quietMilliseconds: (settings.drainSeconds * 1000) / 2,
        longestMilliseconds: settings.drainSeconds * 1000,
        graceMilliseconds: GRACE_MILLISECONDS,
      }),
    async stop() {
      await server.close(0);
      await tracing?.close();
      forget();
      await kept;
    },
  };
}

async function clientsOf(settings: Settings): Promise<ClientAuthentication | undefined> {
  const { clientAuthentication } = settings.webhook;
  if (clientAuthentication === undefined) return undefined;
  const { caFile, allowedNames } = clientAuthentication;
  try {
    return { caPem: (await readClientAuthority(settings)) ?? '', allowedNames };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const field = 'webhook.clientAuthentication.caFile';
    throw new InputError('PERI_SETTINGS_INVALID', field, caFile, `a readable file (${reason})`);
  }
}

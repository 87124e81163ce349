// SPDX-License-Identifier: Apache-2.0
import type { AuditEntry } from '#audit/entry.ts';
import { runRounds } from '#certs/rounds.ts';
import type { CertificateSource, ServingCertificate } from '#certs/source.ts';
import { sleep } from '#cluster/api/backoff.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import type { Experiment } from '#dashboard/api/api.ts';
import { createDashboardApp } from '#dashboard/server/app.ts';
import { assetsOf } from '#dashboard/server/assets.ts';
import { Dashboard } from '#dashboard/server/dashboard.ts';
import { type Gate, LOOPBACK_GATE } from '#dashboard/server/gate.ts';
import { KubernetesGate } from '#dashboard/server/kubernetes-gate.ts';
import { pageFiles } from '#dashboard/server/page-files.ts';
import { DashboardServer, type Material } from '#dashboard/server/server.ts';
import type { Settings } from '#settings/settings.ts';
import type { LearnerRole } from '#cli/roles/learner-role.ts';
import type { ProductPorts } from '#cli/roles/ports.ts';
import { VERSION } from '#cli/command/version.ts';
import { dashboardCertificate } from './certificate.ts';
import { dashboardSources, feedOptions } from './sources.ts';

/** Between two looks for the first certificate. */
const RETRY_MILLISECONDS = 1000;

/** What the dashboard of one process is made of. */
export interface DashboardRoleOptions {
  readonly settings: Settings;
  readonly ports: ProductPorts;
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly learner: Pick<LearnerRole, 'telemetry' | 'decisionKey' | 'leads'>;
  readonly experiment: () => Experiment | undefined;
}

/** The running dashboard. */
export interface DashboardRole {
  /** Where it is met; undefined until the port is open. */
  readonly url: string | undefined;
  /** An audit line that this process writes. */
  onEntry(entry: AuditEntry): void;
  /** One look at everything (drive `manual`). */
  observe(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the dashboard, where the settings ask for one. Where it needs a certificate that the webhook's replicas have not made yet,
 * the port opens later: a page for people holds up neither the learner nor its readiness.
 *
 * Rejects with the system's error where a port without TLS cannot be opened.
 */
export async function startDashboard(
  options: DashboardRoleOptions,
  outer: AbortSignal,
): Promise<DashboardRole | undefined> {
  const { settings, ports, informers } = options;
  const { dashboard: own, roles } = settings;
  if (!own.enabled) return undefined;
  const ended = new AbortController();
  const signal = AbortSignal.any([outer, ended.signal]);
  const onProblem = (error: unknown): void =>
    ports.logger.warn({ err: error }, 'the dashboard has no answer');
  const dashboard = new Dashboard({
    sources: dashboardSources({
      informers,
      telemetry: options.learner.telemetry,
      leads: () => options.learner.leads(),
      experiment: options.experiment,
      now: ports.now,
      admits: roles.includes('admission'),
    }),
    feed: feedOptions(informers, options.learner.decisionKey),
    version: VERSION,
    identity: ports.identity,
    now: ports.now,
    elapsed: ports.elapsed,
    ...own,
    delaySeconds: settings.learner.ingestDelaySeconds,
    onProblem,
  });
  for (const pod of informers.view.allPods()) dashboard.onPod(pod);
  const forget = informers.view.onPod(({ after }) => {
    if (after !== undefined) dashboard.onPod(after);
  });
  const app = createDashboardApp({
    gate: gateOf(options, onProblem),
    assets: assetsOf(pageFiles()),
    routes: dashboard,
    now: ports.now,
    onError: (error) => ports.logger.error({ err: error }, 'a request of the dashboard failed'),
  });
  let server: DashboardServer | undefined;
  let url: string | undefined;
  const open = async (material: Material | undefined): Promise<void> => {
    server = new DashboardServer(app, material);
    const { address, port } = await server.listen(own);
    url = urlOf(address, port, material !== undefined);
    ports.logger.info({ url }, 'the dashboard listens');
  };
  let serving: Promise<void> = Promise.resolve();
  if (own.authentication === 'None') await open(undefined);
  else {
    const source = dashboardCertificate(options, onProblem);
    serving = serveSecurely(source, { open, server: () => server }, signal).catch(onProblem);
  }
  const running = ports.drive === 'timer' ? dashboard.run(signal) : Promise.resolve();
  return {
    get url() {
      return url;
    },
    onEntry: (entry) => dashboard.onEntry(entry),
    observe: () => dashboard.observe(),
    async stop() {
      ended.abort();
      forget();
      dashboard.close();
      await Promise.all([serving, running]);
      await server?.close();
    },
  };
}

function gateOf(
  { settings, ports, client }: DashboardRoleOptions,
  onProblem: (error: unknown) => void,
): Gate {
  if (settings.dashboard.authentication === 'None') return LOOPBACK_GATE;
  return new KubernetesGate({ api: client, elapsed: ports.elapsed, onProblem });
}

interface Opening {
  readonly open: (material: Material) => Promise<void>;
  readonly server: () => DashboardServer | undefined;
}

/** Waits for the first certificate, opens the port, keeps the certificate fresh. */
async function serveSecurely(
  source: CertificateSource,
  { open, server }: Opening,
  signal: AbortSignal,
): Promise<void> {
  let first = source.current();
  while (first === undefined) {
    await source.refresh();
    first = source.current();
    if (first === undefined) await sleep(RETRY_MILLISECONDS, signal);
    if (signal.aborted) return;
  }
  await open(materialOf(first));
  const forget = source.subscribe((next) => server()?.setMaterial(materialOf(next)));
  await runRounds(source, signal);
  forget();
}

function materialOf({ certificatePem, privateKeyPem }: ServingCertificate): Material {
  return { cert: certificatePem, key: privateKeyPem };
}

function urlOf(address: string, port: number, secure: boolean): string {
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]', '::1': '[::1]' }[address] ?? address;
  return `${secure ? 'https' : 'http'}://${host}:${port}/`;
}

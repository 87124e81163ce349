// SPDX-License-Identifier: Apache-2.0
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { OperationsServer, type ReadinessCheck } from '#admission/server/operations.ts';
import { openAuditLog } from '#audit/open.ts';
import { type AuditSink, DROP_REASONS } from '#audit/sink.ts';
import { sleep } from '#cluster/api/backoff.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { type Informers, startInformers } from '#cluster/mirror/informers.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import type { TickReport } from '#learner/tick/tick-report.ts';
import type { Experiment } from '#dashboard/api/api.ts';
import type { Settings } from '#settings/settings.ts';
import { type DashboardRole, startDashboard } from '#cli/dashboard/role.ts';
import { tappedSink } from '#cli/dashboard/tapped-sink.ts';
import { type AdmissionRole, startAdmissionRole } from '#cli/roles/admission-role.ts';
import { type LearnerRole, startLearnerRole } from '#cli/roles/learner-role.ts';
import { observeClock } from '#cli/roles/clock.ts';
import type { ProductPorts } from '#cli/roles/ports.ts';

/** The running product: one process with one or both roles. */
export interface Product {
  /** Port of the webhook; undefined without the admission role. */
  readonly webhookPort: number | undefined;
  readonly operationsPort: number;
  /** Where the dashboard is met; undefined where there is none (yet). */
  readonly dashboardUrl: string | undefined;
  readonly informers: Informers;
  readonly audit: AuditSink;
  readonly registry: Registry;
  /** What keeps traffic away, one line each; empty = ready. */
  problems(): string[];
  /** One scrape of the exporters; for drive `manual`. */
  scrape(): Promise<void>;
  /** One learning cycle; for drive `manual`. */
  tick(): Promise<TickReport>;
  /** Drains the webhook (requests are answered while endpoints are taken out), then stops. */
  drain(): Promise<void>;
  /** Stops at once. */
  stop(): Promise<void>;
}

/** What only some of those who start the product have. */
export interface ProductExtras {
  /** Results of an experiment, for the dashboard. */
  readonly experiment?: (() => Experiment | undefined) | undefined;
}

/**
 * What this process still has to say to the API server when it ends: give the lease back, finish a
 * write. A server that says nothing for so long is not waited for, or the kubelet would end us first.
 */
const FAREWELL_MILLISECONDS = 5000;

const NO_EXPERIMENT = (): undefined => undefined;

/** Puts the product together; the only place where rooms meet. */
export async function startProduct(
  settings: Settings,
  ports: ProductPorts,
  { experiment = NO_EXPERIMENT }: ProductExtras = {},
): Promise<Product> {
  const ended = new AbortController();
  const { signal } = ended;
  const registry = new Registry();
  // Event-loop lag, memory, garbage collection: what is asked first when answers are late.
  collectDefaultMetrics({ register: registry });
  // Real time, whatever clock decisions and windows follow: so are the API server's answers.
  const now = (): number => Date.now();
  const client = new KubeClient(ports.kubeConfig, { random: ports.random, sleep, now });
  observeClock(client, registry);
  const log = openAuditLog({
    path: settings.audit.path,
    source: ports.identity,
    now: ports.now,
    maxFileBytes: settings.audit.maximumFileBytes,
    keepFiles: settings.audit.keepFiles,
  });
  let dashboard: DashboardRole | undefined;
  const audit = tappedSink(log, (entry) => dashboard?.onEntry(entry));
  observeAudit(audit, registry);
  const informers = startInformers({
    roles: settings.roles,
    // Watches live in real time; only decisions and windows follow a virtual clock.
    ports: { api: client, random: ports.random, now: () => Date.now(), sleep },
    defaultNamespace: settings.namespace,
    observe: informerObserver(registry, ports),
    onPolicyProblem: (problem) =>
      ports.logger.warn({ problem }, 'a PlacementPolicy cannot be used; the last good one holds'),
  });
  const checks: ReadinessCheck[] = [
    {
      name: 'informers',
      problem: () => (informers.view.synced ? undefined : 'the first list is not done'),
    },
    { name: 'roles', problem: () => (started ? undefined : 'the roles are being started') },
  ];
  let started = false;
  const operations = new OperationsServer({ registry, checks });
  const { port: operationsPort } = await operations.listen(settings.operations);
  ports.logger.info({ port: operationsPort }, 'probes and metrics listen');
  const parts = { settings, ports, client, informers, audit, registry };
  let admission: AdmissionRole | undefined;
  let learner: LearnerRole | undefined;
  const stop = async (): Promise<void> => {
    ended.abort();
    const cut = setTimeout(() => void ports.kubeConfig.close(), FAREWELL_MILLISECONDS);
    await Promise.all([dashboard?.stop(), learner?.stop()]);
    await admission?.stop();
    await informers.stop();
    await audit.close();
    await operations.close();
    clearTimeout(cut);
    await ports.kubeConfig.close();
  };
  try {
    if (settings.roles.includes('admission')) admission = await startAdmissionRole(parts, signal);
    if (settings.roles.includes('learner')) {
      const decisionKey = admission?.decisionKey;
      learner = await startLearnerRole({ ...parts, decisionKey }, signal);
      dashboard = await startDashboard({ ...parts, learner, experiment }, signal);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  checks.push(...(admission?.checks ?? []), ...(learner?.checks ?? []));
  started = true;
  return {
    webhookPort: admission?.port,
    operationsPort,
    get dashboardUrl() {
      return dashboard?.url;
    },
    informers,
    audit,
    registry,
    problems: () =>
      checks.flatMap(({ name, problem }) => {
        const text = problem();
        return text === undefined ? [] : [`${name}: ${text}`];
      }),
    scrape: async () => learner?.scrape(),
    async tick() {
      if (learner === undefined) throw new Error('this process has no learner role');
      const report = await learner.tick();
      if (ports.drive === 'manual') await dashboard?.observe();
      return report;
    },
    async drain() {
      await admission?.drain();
      await stop();
    },
    stop,
  };
}

function informerObserver(
  registry: Registry,
  ports: ProductPorts,
): NonNullable<Parameters<typeof startInformers>[0]['observe']> {
  const happenings = new Counter({
    name: 'perihelion_informer_happenings_total',
    help: 'What the informers met: lists, watch restarts, failures, by resource.',
    labelNames: ['resource', 'happening'],
    registers: [registry],
  });
  return (resource, happening, error) => {
    happenings.inc({ resource, happening });
    if (error === undefined) return;
    // Somebody has to grant it; everything else is tried again and mostly passes.
    const level = KubernetesError.is(error, 403) ? 'warn' : 'debug';
    ports.logger[level]({ resource, happening, err: error }, 'informer');
  };
}

function observeAudit(audit: AuditSink, registry: Registry): void {
  new Gauge({
    name: 'perihelion_audit_queue_entries',
    help: 'Audit entries waiting to be written.',
    registers: [registry],
    collect() {
      this.set(audit.stats.queued);
    },
  });
  const seen = new Map<string, number>();
  new Counter({
    name: 'perihelion_audit_written_total',
    help: 'Audit entries written.',
    registers: [registry],
    collect() {
      this.inc(audit.stats.written - (seen.get('written') ?? 0));
      seen.set('written', audit.stats.written);
    },
  });
  new Counter({
    name: 'perihelion_audit_dropped_total',
    help: 'Audit entries that were dropped, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      for (const reason of DROP_REASONS) {
        const total = audit.stats.dropped[reason];
        this.inc({ reason }, total - (seen.get(reason) ?? 0));
        seen.set(reason, total);
      }
    },
  });
}

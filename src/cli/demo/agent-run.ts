// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import type { Experiment } from '#dashboard/api/api.ts';
import { createGenerator } from '#agent/terms/random.ts';
import type { TickReport } from '#learner/tick/tick-report.ts';
import { parseSettings } from '#settings/parse.ts';
import type { EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import type { IntervalStats } from '#simulator/engine/interval.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { WEBHOOK_NAME } from '#cli/roles/admission-role.ts';
import { type Product, startProduct } from '#cli/serve/product.ts';
import type { Achievement, Job } from './job.ts';
import {
  achievementOf,
  APPLICATION_NAMESPACE,
  clusterOf,
  MEASURED_ROLLOUTS,
  TIMES,
} from './scenario.ts';

const SYSTEM_NAMESPACE = 'perihelion-system';
const CONFIGURATION = 'perihelion';
/** Real time for the product to get its certificate published; seconds at most. */
const READY_PATIENCE_MILLISECONDS = 20_000;
const READY_POLL_MILLISECONDS = 10;

/**
 * The policy of the demo: the defaults, but for windows that fit into a minute. The machines stay
 * on, so energy is accounted as Kepler attributes it (docs/decisions/0016).
 */
export const DEMO_POLICY_SPEC = {
  reward: { accounting: 'Attributed' },
  measurement: {
    warmUpSeconds: TIMES.warmUp,
    windowSeconds: TIMES.window,
    minimumRequests: 30,
    staleAfterSeconds: 30,
    episodeGapSeconds: 1,
  },
  exploration: { budgetPerHour: 100_000 },
} as const;

/** What came of the agent's run. */
export interface AgentRun {
  readonly achievement: Achievement;
  readonly learning: readonly Achievement[];
  readonly ticks: readonly TickReport[];
}

/**
 * Runs the real product against an embedded cluster: every Pod of every rollout passes the webhook
 * over TLS, every window is scraped over HTTP and settled by the learner. The figures that count
 * are those of the last rollouts, with the agent exploring and holding out as ever.
 */
export async function runAgent(job: Job, onRollout: (done: number) => void): Promise<AgentRun> {
  const world = await startAgentWorld(job);
  try {
    const learning: Achievement[] = [];
    const ticks: TickReport[] = [];
    const counted: IntervalStats[] = [];
    const total = job.rollouts + MEASURED_ROLLOUTS;
    for (let rollout = 0; rollout < total; rollout += 1) {
      const { windows, report } = await world.rollout();
      ticks.push(report);
      if (rollout < job.rollouts) learning.push(achievementOf(windows));
      else counted.push(...windows);
      onRollout((rollout + 1) / total);
    }
    return { achievement: achievementOf(counted), learning, ticks };
  } finally {
    await world.stop();
  }
}

/** An embedded cluster with the product on it. */
export interface AgentWorld {
  readonly cluster: EmbeddedCluster;
  readonly product: Product;
  /** One rollout of the whole application, measured and settled. */
  rollout(): Promise<Rollout>;
  stop(): Promise<void>;
}

/** What one rollout showed. */
export interface Rollout {
  readonly windows: IntervalStats[];
  readonly report: TickReport;
}

/** The dashboard on such a world. */
export interface WorldDashboard {
  /** On loopback; 0 = any free one. */
  readonly port: number;
  readonly experiment?: Experiment | undefined;
}

/** Starts cluster and product, and waits until the webhook answers. */
export async function startAgentWorld(job: Job, dashboard?: WorldDashboard): Promise<AgentWorld> {
  const cluster = clusterOf(job, true);
  await cluster.start();
  rmSync(job.auditPath, { force: true });
  let product: Product | undefined;
  const stop = async (): Promise<void> => {
    await product?.stop();
    await cluster.stop();
  };
  try {
    await prepare(cluster);
    const started = await startProduct(settingsOf(job, dashboard), portsOf(job, cluster), {
      experiment: () => dashboard?.experiment,
    });
    product = started;
    await cluster.apply(webhookConfiguration(started.webhookPort ?? 0));
    await ready(started);
    return { cluster, product: started, rollout: () => oneRollout(cluster, started), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Restarts the application, lets it warm up, measures one window and lets the learner settle. */
async function oneRollout(cluster: EmbeddedCluster, product: Product): Promise<Rollout> {
  const { informers } = product;
  // Without this the informers lag by a different few milliseconds in every run; with it, equal
  // seeds give equal decisions.
  const caughtUp = async (): Promise<void> => {
    await informers.untilResourceVersion(
      'replicaSets',
      cluster.resourceVersionOf('replicasets', 'apps'),
    );
    await informers.untilResourceVersion('pods', cluster.resourceVersionOf('pods'));
    await informers.untilResourceVersion(
      'models',
      cluster.resourceVersionOf('placementmodels', 'perihelion.dev'),
    );
  };
  await cluster.restartAll({ afterEach: caughtUp });
  cluster.advance(TIMES.start + TIMES.warmUp);
  await caughtUp();
  await product.scrape();
  const windows: IntervalStats[] = [];
  for (let half = 0; half < 2; half += 1) {
    windows.push(cluster.advance(TIMES.window / 2));
    await product.scrape();
  }
  const report = await product.tick();
  await caughtUp();
  return { windows, report };
}

async function prepare(cluster: EmbeddedCluster): Promise<void> {
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: SYSTEM_NAMESPACE },
  });
  await cluster.apply({
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'demo', namespace: APPLICATION_NAMESPACE },
    spec: DEMO_POLICY_SPEC,
  });
}

function settingsOf(job: Job, dashboard?: WorldDashboard): ReturnType<typeof parseSettings> {
  return parseSettings({
    namespace: SYSTEM_NAMESPACE,
    webhook: {
      host: '127.0.0.1',
      port: 0,
      configuration: CONFIGURATION,
      extraNames: ['127.0.0.1'],
    },
    operations: { host: '127.0.0.1', port: 0 },
    telemetry: { backend: 'Scrape' },
    // The last scrape is made at the very end of the window.
    learner: { ingestDelaySeconds: 0 },
    audit: { path: job.auditPath, keepFiles: 0 },
    dashboard: {
      enabled: dashboard !== undefined,
      port: dashboard?.port ?? 0,
      windowSeconds: TIMES.window,
      staleAfterSeconds: DEMO_POLICY_SPEC.measurement.staleAfterSeconds,
    },
    drainSeconds: 0,
    logLevel: 'warn',
  });
}

function portsOf(job: Job, cluster: EmbeddedCluster): Parameters<typeof startProduct>[1] {
  const kubeConfig = new PooledKubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'demo', server: cluster.url, skipTLSVerify: true }],
    users: [{ name: 'demo' }],
    contexts: [{ name: 'demo', cluster: 'demo', user: 'demo' }],
    currentContext: 'demo',
  });
  const generator = createGenerator(`demo/${String(job.seed)}`);
  let decisions = 0;
  return {
    kubeConfig,
    now: () => cluster.now(),
    elapsed: () => performance.now(),
    newId: () => {
      decisions += 1;
      return `${job.cluster}-${String(job.seed)}-${String(decisions)}`;
    },
    random: () => generator.next(),
    logger: pino({ level: 'warn' }, pino.destination(2)),
    identity: `demo-${job.cluster}-${String(job.seed)}`,
    drive: 'manual',
  };
}

function webhookConfiguration(port: number): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: CONFIGURATION },
    webhooks: [
      {
        name: WEBHOOK_NAME,
        clientConfig: { url: `https://127.0.0.1:${String(port)}/mutate` },
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['pods'],
            operations: ['CREATE'],
            scope: 'Namespaced',
          },
        ],
        namespaceSelector: { matchLabels: { 'perihelion.dev/placement': 'enabled' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'NoneOnDryRun',
        failurePolicy: 'Ignore',
        timeoutSeconds: 2,
      },
    ],
  };
}

async function ready(product: Product): Promise<void> {
  const deadline = performance.now() + READY_PATIENCE_MILLISECONDS;
  while (product.problems().length > 0) {
    if (performance.now() > deadline) {
      throw new Error(`the product is not ready: ${product.problems().join('; ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MILLISECONDS));
  }
}

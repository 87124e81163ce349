// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createGenerator } from '#agent/terms/random.ts';
import { runCommandLine } from '#cli/program/command-line.ts';
import type { Terminal } from '#cli/command/command.ts';
import { startProduct, type Product } from '#cli/serve/product.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { parseSettings } from '#settings/parse.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import { createCluster, type EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import type { KubeObject } from '#simulator/kube/kube.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';

export const NAMESPACE = 'hotel-res';
export const SYSTEM = 'perihelion-system';

/** What a command line wrote, and its exit code. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as in a pipe. */
export async function run(args: readonly string[], stdin?: Iterable<Buffer>): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    ({
      write: (text: string) => {
        written[name] += text;
        return true;
      },
      once: () => undefined,
    }) as unknown as Terminal['stdout'];
  const terminal: Terminal = {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: {},
    ...(stdin === undefined ? {} : { stdin: stdin as unknown as NodeJS.ReadableStream }),
  };
  const code = await runCommandLine(args, terminal);
  return { code, ...written };
}

/** A running embedded cluster with the real product on it. */
export interface Stage {
  readonly cluster: EmbeddedCluster;
  readonly product: Product;
  readonly folder: string;
  readonly audit: string;
  readonly kubeconfig: string;
  /** Settings of the installation, as `--config` takes them. */
  readonly config: string;
  /** Restarts the application, measures one window, and lets the learner settle. */
  rollout(): Promise<void>;
  /** Ends both; the folder stays until {@link remove}. */
  stop(): Promise<void>;
  remove(): void;
}

/** Sets the stage: virtual time begins at the present, so that real clocks find it fresh. */
export async function stage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-cli-'));
  const audit = join(folder, 'audit.jsonl');
  const cluster = createCluster({
    application: hotelReservation,
    machines: SEED_MACHINES,
    seed: 7,
    load: { kind: 'closed', connections: 8 },
    namespace: NAMESPACE,
    namespaceLabels: { [PLACEMENT_LABEL]: 'enabled' },
    startTime: Math.floor(Date.now() / 1000) * 1000,
    startUpSeconds: 1,
    gaugeSeconds: 1,
  });
  await cluster.start();
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  await cluster.apply(policy());
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubeconfig);
  const settings = {
    namespace: SYSTEM,
    webhook: { host: '127.0.0.1', port: 0, extraNames: ['127.0.0.1'] },
    operations: { host: '127.0.0.1', port: 0 },
    learner: { ingestDelaySeconds: 0 },
    audit: { path: audit, keepFiles: 0 },
    drainSeconds: 0,
    logLevel: 'silent',
  };
  const config = join(folder, 'settings.yaml');
  writeFileSync(config, JSON.stringify(settings));
  const product = await startProduct(parseSettings(settings), portsOf(cluster));
  await cluster.apply(webhookConfiguration(product.webhookPort ?? 0));
  await ready(product);
  return {
    cluster,
    product,
    folder,
    audit,
    kubeconfig,
    config,
    rollout: () => rollout(cluster, product),
    async stop() {
      await product.stop();
      await cluster.stop();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function policy(): KubeObject {
  return {
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'demo', namespace: NAMESPACE },
    spec: {
      holdoutPercent: 20,
      learning: { burnInDecisions: 1, epsilonThousandths: 300 },
      measurement: {
        warmUpSeconds: 1,
        windowSeconds: 2,
        minimumRequests: 20,
        staleAfterSeconds: 300,
        episodeGapSeconds: 1,
      },
      exploration: { budgetPerHour: 100_000 },
    },
  };
}

async function rollout(cluster: EmbeddedCluster, product: Product): Promise<void> {
  const { informers } = product;
  const caughtUp = async (): Promise<void> => {
    await informers.untilResourceVersion('pods', cluster.resourceVersionOf('pods'));
    const models = cluster.resourceVersionOf('placementmodels', 'perihelion.dev');
    await informers.untilResourceVersion('models', models);
  };
  await cluster.restartAll({ afterEach: caughtUp });
  cluster.advance(2);
  await caughtUp();
  await product.scrape();
  for (let half = 0; half < 2; half += 1) {
    cluster.advance(1);
    await product.scrape();
  }
  await product.tick();
  await caughtUp();
  await product.audit.flush(5000);
}

function portsOf(cluster: EmbeddedCluster): Parameters<typeof startProduct>[1] {
  const kubeConfig = new PooledKubeConfig();
  kubeConfig.loadFromString(cluster.kubeconfig);
  const generator = createGenerator('cli');
  let decisions = 0;
  return {
    kubeConfig,
    now: () => cluster.now(),
    elapsed: () => performance.now(),
    newId: () => {
      decisions += 1;
      return `cli-${decisions}`;
    },
    random: () => generator.next(),
    logger: pino({ level: 'silent' }),
    identity: 'cli',
    drive: 'manual',
  };
}

/** The product's configuration, by URL; as in the manifests otherwise. */
export function webhookConfiguration(port: number): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'perihelion' },
    webhooks: [
      {
        name: 'placement.perihelion.dev',
        clientConfig: { url: `https://127.0.0.1:${port}/mutate` },
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['pods'],
            operations: ['CREATE'],
            scope: 'Namespaced',
          },
        ],
        namespaceSelector: {
          matchLabels: { [PLACEMENT_LABEL]: 'enabled' },
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              values: ['kube-system', SYSTEM],
            },
          ],
        },
        admissionReviewVersions: ['v1'],
        sideEffects: 'NoneOnDryRun',
        failurePolicy: 'Ignore',
        timeoutSeconds: 2,
      },
    ],
  };
}

async function ready(product: Product): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (product.problems().length > 0) {
    if (performance.now() > deadline) throw new Error(product.problems().join('; '));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

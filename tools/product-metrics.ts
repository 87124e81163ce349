// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Registry } from 'prom-client';
import { startProduct } from '#cli/serve/product.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { parseSettings } from '#settings/parse.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';

/** What a metric says about itself. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly labels: readonly string[];
  readonly help: string;
}

/**
 * The metrics that the product exposes, by name: starts both roles against an embedded cluster,
 * asks the registry, stops them.
 */
export async function productMetrics(): Promise<readonly MetricDescription[]> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-metrics-'));
  const cluster = createCluster({
    application: hotelReservation,
    machines: SEED_MACHINES,
    seed: 1,
  });
  await cluster.start();
  try {
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'perihelion-system' },
    });
    const product = await startProduct(
      parseSettings({
        webhook: { host: '127.0.0.1', port: 0 },
        operations: { host: '127.0.0.1', port: 0 },
        audit: { path: join(folder, 'audit.jsonl') },
        drainSeconds: 0,
      }),
      {
        kubeConfig: kubeConfigOf(cluster.url),
        now: () => cluster.now(),
        elapsed: () => performance.now(),
        newId: () => 'none',
        random: () => 0.5,
        logger: pino({ level: 'silent' }),
        identity: 'metrics',
        drive: 'manual',
      },
    );
    try {
      return await describe(product.registry);
    } finally {
      await product.stop();
    }
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function describe(registry: Registry): Promise<MetricDescription[]> {
  // The types come with the values; the label names only with the metrics themselves.
  const described = await registry.getMetricsAsJSON();
  const labels = new Map(
    registry
      .getMetricsAsArray()
      .map((metric) => [metric.name, 'labelNames' in metric ? metric.labelNames : []]),
  );
  return described
    .map(({ name, type, help }) => ({
      name,
      type: String(type) as MetricDescription['type'],
      labels: (labels.get(name) as readonly string[] | undefined) ?? [],
      help,
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function kubeConfigOf(server: string): PooledKubeConfig {
  const kubeConfig = new PooledKubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'embedded', server, skipTLSVerify: true }],
    users: [{ name: 'embedded' }],
    contexts: [{ name: 'embedded', cluster: 'embedded', user: 'embedded' }],
    currentContext: 'embedded',
  });
  return kubeConfig;
}

// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startProduct, type Product } from '#cli/serve/product.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { parseSettings } from '#settings/parse.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { type ApiFront, apiFront, type Known } from './api-front.ts';
import { until } from '../../support/until.ts';

export const SYSTEM = 'perihelion-system';

/** The product with its dashboard behind authentication, on an embedded cluster. */
export interface Guarded {
  readonly product: Product;
  readonly front: ApiFront;
  readonly url: string;
  /** CAs of the installation, as the webhook configuration publishes them. */
  readonly ca: string;
  close(): Promise<void>;
}

/** Starts one, in real time, and waits until the page is served. */
export async function startGuarded(known: Known): Promise<Guarded> {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-guarded-'));
  const startTime = Math.floor(Date.now() / 1000) * 1000;
  const cluster = createCluster({
    ...{ application: hotelReservation, machines: SEED_MACHINES, seed: 3, startTime },
  });
  await cluster.start();
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'perihelion' },
    webhooks: [
      {
        ...{ name: 'placement.perihelion.dev', sideEffects: 'None', rules: [] },
        ...{ clientConfig: { url: 'https://127.0.0.1:1/mutate' }, admissionReviewVersions: ['v1'] },
      },
    ],
  });
  const front = await apiFront(cluster.url, known);
  const kubeConfig = new PooledKubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'front', server: front.url, skipTLSVerify: true }],
    users: [{ name: 'front' }],
    contexts: [{ name: 'front', cluster: 'front', user: 'front' }],
    currentContext: 'front',
  });
  const settings = parseSettings({
    webhook: { host: '127.0.0.1', port: 0, extraNames: ['127.0.0.1'] },
    operations: { host: '127.0.0.1', port: 0 },
    audit: { path: join(folder, 'audit.jsonl') },
    dashboard: { enabled: true, host: '127.0.0.1', port: 0, authentication: 'Kubernetes' },
    drainSeconds: 0,
    logLevel: 'silent',
  });
  let ids = 0;
  const product = await startProduct(settings, {
    kubeConfig,
    now: () => cluster.now(),
    elapsed: () => performance.now(),
    newId: () => `guarded-${(ids += 1)}`,
    random: () => 0.5,
    logger: pino({ level: 'silent' }),
    identity: 'guarded',
    drive: 'manual',
  });
  await until(() => product.dashboardUrl !== undefined);
  const { dashboardUrl: url } = product;
  if (url === undefined) throw new Error('the dashboard went away');
  const ca = (): string => {
    const [configuration] = cluster.objects(
      'mutatingwebhookconfigurations',
      'admissionregistration.k8s.io',
    );
    const [webhook] = (configuration?.['webhooks'] ?? []) as {
      clientConfig: { caBundle?: string };
    }[];
    return Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString();
  };
  await until(() => ca() !== '');
  return {
    product,
    front,
    url,
    ca: ca(),
    async close() {
      await product.stop();
      await front.close();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

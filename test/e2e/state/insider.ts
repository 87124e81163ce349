// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { sleep } from '#cluster/api/backoff.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { startInformers } from '#cluster/mirror/informers.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { createLearner } from '#learner/loop/learner.ts';
import type { Learner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import { createLearnerMetrics } from '#learner/tick/metrics.ts';
import { createPodDirectory } from '#telemetry/reading/pod-directory.ts';
import { createPrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import type { PrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import { parseSettings } from '#settings/parse.ts';
import type { StateStage } from './stage.ts';

/**
 * The product's own parts in the process of the run, with the rights of the learner: they ask the
 * same API server and the same Prometheus as the processes do. What is proved with them is said
 * where they are used.
 */
export class Insider {
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly telemetry: PrometheusTelemetry;
  readonly decisionKey: Buffer;
  readonly #config: PooledKubeConfig;

  private constructor(config: PooledKubeConfig, prometheusUrl: string, decisionKey: Buffer) {
    this.#config = config;
    this.decisionKey = decisionKey;
    const random = Math.random;
    this.client = new KubeClient(config, { random, sleep });
    this.informers = startInformers({
      roles: ['learner', 'admission'],
      ports: { api: this.client, random, now: () => Date.now(), sleep },
      defaultNamespace: 'perihelion-system',
    });
    // The defaults of the product's settings, as its processes have them.
    const { telemetry } = parseSettings({
      telemetry: { backend: 'Prometheus', prometheus: { url: prometheusUrl, timeoutSeconds: 5 } },
    });
    const { zone, meter, mesh, prometheus } = telemetry;
    if (prometheus === undefined) throw new Error('the settings name no Prometheus');
    this.telemetry = createPrometheusTelemetry({
      ...prometheus,
      ...{ zone, meter, mesh, random },
      directory: () => createPodDirectory(() => this.informers.view.allPods()),
      onWarning: () => undefined,
    });
  }

  /** Resolves once its informers have listed everything. */
  static async of({ controlPlane, folder, manifests, prometheus }: StateStage): Promise<Insider> {
    const config = new PooledKubeConfig();
    config.loadFromFile(join(folder, 'control-plane', 'admin.kubeconfig'));
    const secret = await controlPlane.api.get<{ data: Record<string, string> }>(
      `/api/v1/namespaces/${manifests.namespace}/secrets/perihelion-webhook`,
    );
    const key = Buffer.from(secret.data['decision-key'] ?? '', 'base64');
    const insider = new Insider(config, prometheus.url, key);
    await insider.informers.synced;
    return insider;
  }

  /** A learner of these parts; `over` says what is different. */
  learner(over: Partial<LearnerOptions> & Pick<LearnerOptions, 'store'>): Learner {
    const { view, policies, models } = this.informers;
    return createLearner({
      ...{ view, policies, models },
      namespaces: () => [...view.namespaces()].map(({ name }) => name),
      ...{ power: this.telemetry, latency: this.telemetry, load: this.telemetry },
      decisionKeys: this.decisionKey,
      now: () => Date.now(),
      isLeader: () => true,
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      metrics: createLearnerMetrics(new Registry()),
      limits: { ingestDelaySeconds: 3 },
      ...over,
    });
  }

  async stop(): Promise<void> {
    await this.informers.stop();
    await this.telemetry.close();
    await this.#config.close();
  }
}

// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { pino } from 'pino';
import { request } from 'undici';
import { startProduct } from '#cli/serve/product.ts';
import type { Product } from '#cli/serve/product.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { parseSettings } from '#settings/parse.ts';
import type { Api } from '../api.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import type { Role } from '../manifests.ts';
import { waitFor } from '../wait.ts';
import { CONFIGURATIONS } from './configuration.ts';
import { collectionOf } from './objects.ts';
import { trialRoles } from './rights.ts';
import type { Right, Trial } from './rights.ts';
import type { TrustStage } from './stage.ts';

/** How a trial installation is set up. */
export interface TrialSpec {
  readonly stage: TrustStage;
  readonly name: string;
  readonly role: Role;
  /** Taken away; undefined = as shipped. */
  readonly without: Right | undefined;
  /** Whether its Secret is there before it starts; else the product makes it. */
  readonly secret: boolean;
  /** Whether somebody else holds its lease, so that it never leads. */
  readonly follows: boolean;
}

/**
 * The product in this process, against the real API server, with a namespace, an account, roles
 * and a webhook configuration (that nothing matches) of its own: many can run side by side.
 */
export class TrialInstallation {
  /** Lines of its log, level `debug` and up. */
  readonly log: string[] = [];
  readonly #spec: TrialSpec;
  readonly #trial: Trial;
  #starting: Promise<Product> | undefined;
  #operations = '';

  constructor(spec: TrialSpec) {
    const { manifests } = spec.stage;
    this.#spec = spec;
    this.#trial = {
      ...{ name: spec.name, role: spec.role, configuration: manifests.configuration },
      account: manifests.accounts[spec.role],
    };
  }

  get namespace(): string {
    return this.#spec.name;
  }

  /** Makes its objects and starts it; resolves when probes and metrics can be asked. */
  async start(): Promise<void> {
    await this.#install();
    const kubeConfig = new PooledKubeConfig();
    kubeConfig.loadFromFile(await this.#kubeconfig());
    const lines = { write: (line: string) => void this.log.push(line) };
    this.#starting = startProduct(this.#settings(), {
      ...{ kubeConfig, identity: this.#spec.name, drive: 'timer' },
      now: () => Date.now(),
      elapsed: () => performance.now(),
      newId: () => crypto.randomUUID(),
      random: () => Math.random(),
      logger: pino({ level: 'debug' }, lines),
    });
    this.#starting.catch((error: unknown) => void this.log.push(`ended: ${String(error)}`));
    const port = await waitFor('its ports', { timeoutSeconds: 60, everyMilliseconds: 50 }, () => {
      const line = this.log.find((one) => one.includes('probes and metrics listen'));
      return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
    });
    this.#operations = `http://127.0.0.1:${port}`;
  }

  /** What keeps traffic away; empty when it is ready. */
  async unready(): Promise<string> {
    const answer = await request(`${this.#operations}/readyz`);
    const text = await answer.body.text();
    return answer.statusCode === 200 ? '' : text;
  }

  /** The sum of its series of this name with these labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const answer = await request(`${this.#operations}/metrics`);
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    return (await answer.body.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Lines in which the API server says no. */
  refusals(): readonly string[] {
    return this.log.filter((line) => line.includes('forbidden: User'));
  }

  /** Gives back what was taken away, ends it, and removes what is of the cluster. */
  async stop(): Promise<void> {
    const { api } = this.#spec.stage.controlPlane;
    await this.#apply(trialRoles(this.#spec.stage.manifests.objects, this.#trial, undefined));
    const product = await this.#starting;
    await product?.stop();
    for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      const object = { apiVersion, kind, metadata: { name: this.#spec.name } };
      await api.delete(`${collectionOf(object)}/${this.#spec.name}`);
    }
    await api.delete(`${CONFIGURATIONS}/${this.#spec.name}`);
    await api.delete(`/api/v1/namespaces/${this.#spec.name}`);
  }

  async #install(): Promise<void> {
    const { stage, name, without } = this.#spec;
    const { api } = stage.controlPlane;
    const at = { namespace: name };
    await this.#apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: this.#trial.account, ...at } },
      ...trialRoles(stage.manifests.objects, this.#trial, without),
    ]);
    if (this.#spec.secret) await copySecret(api, stage.manifests.namespace, name);
    if (this.#spec.role === 'admission') await this.#configure();
    if (this.#spec.follows) await this.#holdLease();
  }

  async #apply(objects: readonly object[]): Promise<void> {
    const { api } = this.#spec.stage.controlPlane;
    for (const object of objects as Parameters<typeof collectionOf>[0][]) {
      await api.apply(`${collectionOf(object)}/${object.metadata.name}`, object);
    }
  }

  /** The shipped configuration under another name, for namespaces that do not exist. */
  async #configure(): Promise<void> {
    const { stage, name } = this.#spec;
    const shipped = stage.manifests.objects.find(
      ({ kind }) => kind === 'MutatingWebhookConfiguration',
    ) as unknown as { webhooks: readonly object[] };
    await stage.controlPlane.api.apply(`${CONFIGURATIONS}/${name}`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name },
      webhooks: shipped.webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { url: 'https://127.0.0.1:1/mutate' },
        namespaceSelector: { matchLabels: { 'perihelion.dev/placement': 'nowhere' } },
      })),
    });
  }

  async #holdLease(): Promise<void> {
    const { stage, name } = this.#spec;
    const lease = learnerSettings(stage).leaseName;
    await stage.controlPlane.api.apply(
      `/apis/coordination.k8s.io/v1/namespaces/${name}/leases/${lease}`,
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: lease, namespace: name },
        spec: {
          ...{ holderIdentity: 'somebody-else', leaseDurationSeconds: 3600 },
          ...{ leaseTransitions: 0, renewTime: new Date().toISOString().replace('Z', '000Z') },
        },
      },
    );
  }

  async #kubeconfig(): Promise<string> {
    const { stage, name } = this.#spec;
    const { api } = stage.controlPlane;
    const path = `/api/v1/namespaces/${name}/serviceaccounts/${this.#trial.account}/token`;
    const { status } = await api.create<{ status: { token: string } }>(path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    const file = join(stage.folder, `${name}.kubeconfig`);
    return writeKubeconfig(file, { ...api.access, token: status.token });
  }

  #settings(): ReturnType<typeof parseSettings> {
    const { stage, name, role } = this.#spec;
    return parseSettings({
      ...stage.manifests.settings[role],
      namespace: name,
      roles: [role],
      webhook: { host: '127.0.0.1', port: 0, configuration: name, extraNames: ['127.0.0.1'] },
      operations: { host: '127.0.0.1', port: 0 },
      // Nothing is there to scrape, so what is observed is that nothing is known.
      telemetry: { backend: 'Scrape', nodeMetrics: true, scrape: { intervalSeconds: 1 } },
      learner: {
        ...learnerSettings(stage),
        ...{ intervalSeconds: 1, ingestDelaySeconds: 0 },
        ...{ leaseDurationSeconds: 5, renewDeadlineSeconds: 3, retryPeriodSeconds: 1 },
      },
      audit: { path: join(stage.folder, `${name}.audit.jsonl`) },
      drainSeconds: 0,
    });
  }
}

function learnerSettings(stage: TrustStage): { readonly leaseName: string } {
  return stage.manifests.settings.learner['learner'] as { readonly leaseName: string };
}

/** The keys of the installation under test, so that its decisions are believed. */
async function copySecret(api: Api, from: string, to: string): Promise<void> {
  const name = 'perihelion-webhook';
  const { data } = await api.get<{ data: object }>(`/api/v1/namespaces/${from}/secrets/${name}`);
  await api.apply(`/api/v1/namespaces/${to}/secrets/${name}`, {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: to }, data },
  });
}

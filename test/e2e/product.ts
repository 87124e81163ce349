// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import type { ControlPlane } from './control-plane.ts';
import { Forwarder } from './forwarder.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Manifests, Role } from './manifests.ts';
import { freePorts } from './ports.ts';
import type { Processes, Program } from './processes.ts';
import { waitFor } from './wait.ts';

/** What the product is started with. */
export interface ProductSpec {
  readonly controlPlane: ControlPlane;
  readonly processes: Processes;
  readonly manifests: Manifests;
  readonly prometheusUrl: string;
  readonly folder: string;
  /** The program: `src/main.ts`, or a bundle made of it. */
  readonly main: string;
  /** Top-level settings that stand in for those of the run, for example `drainSeconds`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** One process of the product. */
export interface Replica {
  readonly name: string;
  readonly role: Role;
  readonly webhookPort: number;
  readonly operationsUrl: string;
  readonly auditFile: string;
  /** Its own token, which the API server's audit log tells from all others. */
  readonly token: string;
  /** Variables added to its environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  program: Program;
}

const TOKEN_SECONDS = 3600;

/** The processes of the product: two replicas of the webhook behind one address, one learner. */
export class Product {
  readonly forwarder = new Forwarder();
  readonly replicas: Replica[] = [];
  readonly tokens = new Map<Role, string>();
  readonly #spec: ProductSpec;

  constructor(spec: ProductSpec) {
    this.#spec = spec;
  }

  /** Starts `admissionReplicas` webhooks and one learner, each as its own ServiceAccount. */
  async start(admissionReplicas: number): Promise<void> {
    const ports = await freePorts(2 * (admissionReplicas + 1));
    for (let index = 0; index <= admissionReplicas; index += 1) {
      const role: Role = index < admissionReplicas ? 'admission' : 'learner';
      const name = role === 'learner' ? 'learner' : `admission-${index + 1}`;
      await this.#startReplica(name, role, [ports[2 * index]!, ports[2 * index + 1]!]);
    }
    this.forwarder.setBackends(this.of('admission').map((replica) => replica.webhookPort));
  }

  /** Starts one more process; it gets connections once {@link Forwarder.setBackends} names it. */
  async add(name: string, role: Role, env?: Readonly<Record<string, string>>): Promise<Replica> {
    const [webhookPort = 0, operationsPort = 0] = await freePorts(2);
    await this.#startReplica(name, role, [webhookPort, operationsPort], env);
    return this.replicas.at(-1)!;
  }

  /** Fails with the tail of its log if a process has ended. */
  assertRunning(): void {
    this.#spec.processes.assertRunning(...this.replicas.map((replica) => replica.program));
  }

  /** Resolves once every process says it is ready; fails at once if one has ended. */
  async waitReady(timeoutSeconds: number): Promise<void> {
    for (const replica of this.replicas) {
      await waitFor(`${replica.name} to be ready`, { timeoutSeconds }, () => this.isReady(replica));
    }
  }

  /** Whether `/readyz` answers 200. */
  async isReady(replica: Replica): Promise<boolean> {
    this.#spec.processes.assertRunning(replica.program);
    const answer = await request(`${replica.operationsUrl}/readyz`);
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text.slice(0, 200)}`);
    return true;
  }

  of(role: Role): readonly Replica[] {
    return this.replicas.filter((replica) => replica.role === role);
  }

  get learner(): Replica {
    return this.of('learner')[0]!;
  }

  /** Ends a process without a chance to clean up, and starts it anew. */
  async killAndRestart(replica: Replica): Promise<void> {
    await replica.program.stop('SIGKILL');
    replica.program = this.#launch(replica);
  }

  /** Files with the audit lines of every process. */
  get auditFiles(): readonly string[] {
    return this.replicas.map((replica) => replica.auditFile);
  }

  async stop(role: Role): Promise<void> {
    await Promise.all(this.of(role).map((replica) => replica.program.stop('SIGTERM', 60_000)));
  }

  async #startReplica(
    name: string,
    role: Role,
    ports: readonly [number, number],
    env?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const [webhookPort, operationsPort] = ports;
    const { controlPlane, folder } = this.#spec;
    const token = await this.#token(role);
    await writeKubeconfig(join(folder, `${name}.kubeconfig`), {
      ...controlPlane.api.access,
      token,
    });
    const replica: Omit<Replica, 'program'> = {
      ...{ name, role, webhookPort, token, env },
      operationsUrl: `http://127.0.0.1:${operationsPort}`,
      auditFile: join(folder, `${name}.audit.jsonl`),
    };
    const settings = this.#settings(replica, operationsPort);
    await writeFile(join(folder, `${name}.yaml`), JSON.stringify(settings, undefined, 2));
    this.replicas.push({ ...replica, program: this.#launch(replica) });
  }

  #launch(replica: Pick<Replica, 'name' | 'role' | 'env'>): Program {
    const { folder, main, processes } = this.#spec;
    const kubeconfig = join(folder, `${replica.name}.kubeconfig`);
    return processes.start({
      name: `perihelion-${replica.name}`,
      // The run itself is under the right Node already.
      file: process.execPath,
      args: [
        main,
        'serve',
        ...['--role', replica.role],
        ...['--config', join(folder, `${replica.name}.yaml`)],
        ...['--kubeconfig', kubeconfig],
      ],
      ...(replica.env === undefined ? {} : { env: replica.env }),
    });
  }

  /** As shipped, with the addresses of this machine and short intervals. */
  #settings(replica: Omit<Replica, 'program'>, operationsPort: number): object {
    const shipped = this.#spec.manifests.settings[replica.role];
    const part = (name: string): object => shipped[name] ?? {};
    return {
      ...shipped,
      namespace: this.#spec.manifests.namespace,
      webhook: {
        ...part('webhook'),
        host: '127.0.0.1',
        port: replica.webhookPort,
        configuration: this.#spec.manifests.configuration,
        extraNames: ['127.0.0.1'],
      },
      operations: { ...part('operations'), host: '127.0.0.1', port: operationsPort },
      telemetry: {
        backend: 'Prometheus',
        prometheus: { url: this.#spec.prometheusUrl, timeoutSeconds: 5 },
      },
      learner: {
        ...part('learner'),
        intervalSeconds: 1,
        // Prometheus scrapes every second here.
        ingestDelaySeconds: 3,
        leaseDurationSeconds: 5,
        renewDeadlineSeconds: 3,
        retryPeriodSeconds: 1,
      },
      audit: { ...part('audit'), path: replica.auditFile },
      drainSeconds: 1,
      logLevel: 'debug',
      ...this.#spec.settings,
    };
  }

  /** A token of the role's ServiceAccount, as the kubelet would ask for it: one for each Pod. */
  async #token(role: Role): Promise<string> {
    const { controlPlane, manifests } = this.#spec;
    const answer = await controlPlane.api.create<{ status: { token: string } }>(
      `/api/v1/namespaces/${manifests.namespace}/serviceaccounts/${manifests.accounts[role]}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: TOKEN_SECONDS },
      },
    );
    this.tokens.set(role, answer.status.token);
    return answer.status.token;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WEBHOOK_NAME } from '#cli/roles/admission-role.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { singleQueue } from '#simulator/application/applications.ts';
import { createCluster, type EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const PATIENCE_MILLISECONDS = 60_000;

export const NAMESPACE = 'shop';
export const SYSTEM = 'perihelion-system';
export const SERVICE = `perihelion.${SYSTEM}.svc`;
export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
export const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/perihelion';

/** A folder for one test. */
export async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-serve-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An embedded cluster with an opted-in namespace. */
export async function clusterOf(t: TestContext): Promise<EmbeddedCluster> {
  const cluster = createCluster({
    application: singleQueue(10),
    machines: SEED_MACHINES,
    seed: 1,
    namespace: NAMESPACE,
    namespaceLabels: { [PLACEMENT_LABEL]: 'enabled' },
    startTime: Math.floor(Date.now() / 1000) * 1000,
  });
  await cluster.start();
  t.after(() => cluster.stop());
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  return cluster;
}

/** Stores the configuration of a webhook on this port. */
export async function configure(
  cluster: EmbeddedCluster,
  port: number,
  caBundle = '',
): Promise<void> {
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'perihelion' },
    webhooks: [
      {
        name: WEBHOOK_NAME,
        clientConfig: {
          url: `https://127.0.0.1:${port}/mutate`,
          ...(caBundle === '' ? {} : { caBundle: Buffer.from(caBundle).toString('base64') }),
        },
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
        ],
        namespaceSelector: { matchLabels: { [PLACEMENT_LABEL]: 'enabled' } },
        failurePolicy: 'Ignore',
        timeoutSeconds: 5,
        sideEffects: 'NoneOnDryRun',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
}

/** `perihelion serve` as a process of its own. */
export class Served {
  readonly child: ChildProcess;
  /** Exit code; the signal's name where it was killed. */
  readonly ended: Promise<number | string>;
  readonly #lines: Record<string, unknown>[] = [];
  readonly #waiting = new Set<() => void>();
  #stderr = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, 'serve', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = Promise.withResolvers<number | string>();
    this.ended = ended.promise;
    this.child.once('close', (code, signal) => {
      ended.resolve(code ?? signal ?? 'unknown');
      for (const wake of this.#waiting) wake();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Record<string, unknown>);
      for (const wake of this.#waiting) wake();
    });
  }

  /** The first line of the log with this message. */
  async logged(message: string): Promise<Record<string, unknown>> {
    const deadline = AbortSignal.timeout(PATIENCE_MILLISECONDS);
    for (;;) {
      const line = this.#lines.find(({ msg }) => msg === message);
      if (line !== undefined) return line;
      if (deadline.aborted || this.child.exitCode !== null) {
        throw new Error(`no "${message}" in ${JSON.stringify(this.#lines)}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async webhookPort(): Promise<number> {
    return Number((await this.logged('the webhook listens'))['port']);
  }

  /** Status of a probe and its text; undefined once nobody listens. */
  async probe(path: string): Promise<{ status: number; text: string } | undefined> {
    const port = Number((await this.logged('probes and metrics listen'))['port']);
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { connection: 'close' },
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return undefined;
    }
  }

  /** Waits until traffic may come. */
  async ready(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    let last = '';
    while (performance.now() < deadline) {
      const answer = await this.probe('/readyz');
      if (answer?.status === 200) return;
      last = answer?.text ?? 'nobody listens';
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`not ready: ${last}`);
  }
}

/** Starts the product against a cluster, by default the admission role. It ends with the test at the latest. */
export async function serve(
  t: TestContext,
  folder: string,
  kubeconfig: string,
  settings: Record<string, unknown> = {},
): Promise<Served> {
  const files = { kubeconfig: join(folder, 'kubeconfig'), settings: join(folder, 'settings.yaml') };
  await writeFile(files.kubeconfig, kubeconfig);
  const { webhook, ...others } = settings;
  const all = {
    roles: ['admission'],
    namespace: SYSTEM,
    webhook: {
      host: '127.0.0.1',
      port: 0,
      extraNames: ['127.0.0.1'],
      ...(webhook as Record<string, unknown> | undefined),
    },
    operations: { host: '127.0.0.1', port: 0 },
    audit: { path: join(folder, 'audit.jsonl'), keepFiles: 0 },
    ...others,
  };
  await writeFile(files.settings, JSON.stringify(all));
  const served = new Served(['--config', files.settings, '--kubeconfig', files.kubeconfig]);
  t.after(async () => {
    served.child.kill('SIGKILL');
    await served.ended;
  });
  return served;
}

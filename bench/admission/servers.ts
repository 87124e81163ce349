// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, forked, gone, message, scriptBeside } from '../shared/child.ts';
import type { LoadOrder, LoadReport } from './load.ts';
import type { Usage } from './probe.ts';

/** A server under measurement. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /**
   * From here on the event loop delay counts anew. @param turns watch its turns, too, until the next
   *   reset: CPU time of the process then says nothing. Default false
   */
  reset(turns?: boolean): void;
  /** Of the Go server CPU time alone is known. */
  usage(): Promise<Pick<Usage, 'cpuMicroseconds'> & Partial<Usage>>;
  stop(): Promise<void>;
}

/** Files of one certificate. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** The CA that it is of. */
  readonly authority: string;
}

const START_MILLISECONDS = 60_000;
const PROBE = scriptBeside(import.meta.url, 'probe.ts');

function fileBeside(name: string): string {
  return scriptBeside(import.meta.url, name);
}

/** Starts a server of Node.js that sends its port when it listens. */
export async function startNodeServer(
  name: string,
  script: string,
  files: CertificateFiles,
): Promise<Subject> {
  const child = forked(fileBeside(script), [files.certificate, files.key], ['--import', PROBE]);
  const { port } = await message<{ port: number }>(child, 'port');
  return subjectOf(name, port, child);
}

/** Starts the Go server. */
export async function startGoServer(program: string, files: CertificateFiles): Promise<Subject> {
  const child = spawn(program, ['--cert', files.certificate, '--key', files.key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // It has no channel that would tell it that we are gone.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, control } = JSON.parse(line.toString('utf8')) as { port: number; control: number };
  return {
    name: 'controllerRuntime',
    port,
    reset: () => undefined,
    usage: async () => {
      const response = await fetch(`http://127.0.0.1:${control}/`);
      return (await response.json()) as Pick<Usage, 'cpuMicroseconds'>;
    },
    stop: () => ended(child),
  };
}

/** The product and the cluster that it watches. */
export interface Product extends Subject {
  /** From the start of its process until it may get traffic. */
  readonly start: { readonly wallSeconds: number; readonly cpuSeconds: number };
  /** Port of probes and metrics. */
  readonly operationsPort: number;
}

/** How the product is started. */
export interface ProductOptions {
  readonly folder: string;
  readonly files: CertificateFiles;
  /** Checkout whose product is started; default: this one. */
  readonly checkout?: string;
  /** The policy chooses among so many pools; default: among 50 hostnames. */
  readonly pools?: number;
  /** More options of Node.js, for a profile. */
  readonly execArgv?: readonly string[];
}

/** Starts `perihelion serve --role admission` against a cluster of its own, and waits for ready. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const cluster = forked(fileBeside('cluster-process.ts'), [
    options.files.authority,
    String(options.pools ?? 0),
  ]);
  const { kubeconfig } = await message<{ kubeconfig: string }>(cluster, 'kubeconfig');
  const kubeconfigFile = join(options.folder, 'kubeconfig.json');
  await writeFile(kubeconfigFile, kubeconfig);
  const settings = join(options.folder, 'settings.yaml');
  await writeFile(settings, JSON.stringify(settingsOf(options)));
  const begun = performance.now();
  const child = fork(
    options.checkout === undefined
      ? fileBeside('../../src/main.ts')
      : join(options.checkout, 'src', 'main.ts'),
    ['serve', '--role', 'admission', '--config', settings, '--kubeconfig', kubeconfigFile],
    {
      execArgv: [...(options.execArgv ?? []), '--import', PROBE],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const ports = await portsOf(child);
  await ready(ports.operations);
  const wallSeconds = (performance.now() - begun) / 1000;
  const subject = subjectOf(
    options.pools === undefined ? 'perihelion' : 'perihelionPools',
    ports.webhook,
    child,
  );
  const cpuSeconds = (await subject.usage()).cpuMicroseconds / 1e6;
  return {
    ...subject,
    start: { wallSeconds, cpuSeconds },
    operationsPort: ports.operations,
    async stop() {
      child.kill('SIGTERM');
      await gone(child);
      await ended(cluster);
    },
  };
}

function settingsOf(options: ProductOptions): object {
  return {
    namespace: 'perihelion-system',
    webhook: {
      host: '127.0.0.1',
      port: 0,
      certificates: 'Files',
      files: { certificateFile: options.files.certificate, privateKeyFile: options.files.key },
    },
    operations: { host: '127.0.0.1', port: 0 },
    audit: { path: join(options.folder, 'audit.jsonl') },
    drainSeconds: 0,
  };
}

/** Reads the ports from the log; what comes after is read and thrown away. */
async function portsOf(child: ChildProcess): Promise<{ webhook: number; operations: number }> {
  const ports: { webhook?: number; operations?: number } = {};
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    if (ports.webhook !== undefined && ports.operations !== undefined) return;
    text += chunk.toString('utf8');
    for (const line of text.split('\n').slice(0, -1)) {
      const { port, msg } = JSON.parse(line) as { port?: number; msg?: string };
      if (msg === 'the webhook listens' && port !== undefined) ports.webhook = port;
      if (msg === 'probes and metrics listen' && port !== undefined) ports.operations = port;
    }
  });
  const deadline = performance.now() + START_MILLISECONDS;
  for (;;) {
    const { webhook, operations } = ports;
    if (webhook !== undefined && operations !== undefined) return { webhook, operations };
    if (performance.now() > deadline) throw new Error(`the product said no ports: ${text}`);
    if (child.exitCode !== null) throw new Error(`the product ended: ${text}`);
    await sleep(5);
  }
}

async function ready(port: number): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    if (response.ok) return;
    const text = await response.text();
    if (performance.now() > deadline) throw new Error(`the product is not ready: ${text}`);
    await sleep(10);
  }
}

/** The load generator's process. */
export class LoadProcess {
  readonly #child = forked(fileBeside('load.ts'));

  /** Sends one load and waits for its end. */
  async run(order: LoadOrder): Promise<LoadReport> {
    const report = message<{ report: LoadReport }>(this.#child, 'report');
    this.#child.send(order);
    return (await report).report;
  }

  async stop(): Promise<void> {
    await ended(this.#child);
  }
}

function subjectOf(name: string, port: number, child: ChildProcess): Subject {
  return {
    name,
    port,
    reset: (turns = false) => void child.send(turns ? 'reset-turns' : 'reset'),
    usage: async () => {
      const answer = message<{ usage: Usage }>(child, 'usage');
      child.send('usage');
      return (await answer).usage;
    },
    stop: () => ended(child),
  };
}

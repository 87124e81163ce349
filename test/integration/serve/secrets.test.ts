// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EmbeddedCluster } from '#simulator/cluster/cluster.ts';
import { call } from '../simulator/http.ts';
import { clusterOf, configure, folderOf, NAMESPACE, PODS, SYSTEM } from './process.ts';

/*
 * Canaries: values that no output may ever hold, whatever goes wrong. The process runs with both
 * roles at the most talkative level, and everything that it lets out is searched: log, standard
 * error, metrics, probes, audit log, what it answers and writes to the cluster.
 */

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/perihelion-webhook`;
const PATIENCE_MILLISECONDS = 60_000;

const CANARIES = {
  token: 'canary-token-c7b1f0aa',
  password: 'canary-password-5d0e4b',
  tenant: 'canary-tenant-91c2e7',
  podEnvironment: 'canary-environment-3f8a',
  podArgument: 'canary-argument-77de',
  podAnnotation: 'canary-annotation-08bc',
  brokenKey: 'canary-broken-key-e41d',
} as const;

/** The process, and every word that it has said. */
class Spoken {
  text = '';
  readonly ended: Promise<number | null>;
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(t: TestContext, args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.text += chunk.toString('utf8')));
    }
    this.ended = new Promise((resolve) => child.once('close', resolve));
    this.#kill = (signal) => void child.kill(signal);
    t.after(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#kill(signal);
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const found = pattern.exec(this.text);
      if (found !== null) return found;
      if (performance.now() > deadline) throw new Error(`no ${String(pattern)} in ${this.text}`);
      await sleep(50);
    }
  }
}

/** A Prometheus that answers as it is told, and an API server that can be made to fail. */
async function listen(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function withToken(cluster: EmbeddedCluster, url: string): string {
  const config = JSON.parse(cluster.kubeconfig.replaceAll(cluster.url, url)) as {
    users?: unknown;
    contexts: { context: Record<string, unknown> }[];
  };
  config.users = [{ name: 'canary', user: { token: CANARIES.token } }];
  for (const { context } of config.contexts) context['user'] = 'canary';
  return JSON.stringify(config);
}

function pod(name: string): object {
  return {
    metadata: { name, annotations: { note: CANARIES.podAnnotation } },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'c',
          args: [`--key=${CANARIES.podArgument}`],
          env: [{ name: 'PASSWORD', value: CANARIES.podEnvironment }],
        },
      ],
    },
  };
}

/** Keys of the Secret, as text and as they stand in it, in pieces that a line could hold. */
function keysOf(data: Readonly<Record<string, string>>): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (!name.endsWith('key')) return [];
    const raw = Buffer.from(value, 'base64');
    const lines = raw
      .toString('latin1')
      .split('\n')
      .filter((line) => line.length > 40);
    return [value.slice(0, 60), raw.toString('hex').slice(0, 60), ...lines.slice(1, 4)];
  });
}

function expectSilence(where: string, text: string, canaries: readonly string[]): void {
  for (const canary of canaries) {
    const forms = [canary, Buffer.from(canary).toString('base64').replace(/=+$/, '').slice(0, -2)];
    for (const form of forms) {
      const at = text.indexOf(form);
      const around = text.slice(Math.max(0, at - 200), at + 20);
      assert.equal(at, -1, `${where} holds ${canary}: ${around}`);
    }
  }
}

for (const login of ['password', 'bearer'] as const) {
  test(`no secret leaves the process, whatever fails (${login})`, async (t) => {
    const cluster = await clusterOf(t);
    const folder = await folderOf(t);
    const answers = { prometheus: 'echo' as 'echo' | 'garbage', api: 'fine' as 'fine' | 'broken' };
    let asked = 0;
    const prometheus = await listen(t, (request, response) => {
      asked += 1;
      // A proxy in the way that tells what it was sent: status, header and body by turns.
      const echo = JSON.stringify(request.headers);
      if (answers.prometheus === 'garbage') response.end(`{"status":"error","error":${echo}`);
      else response.writeHead(asked % 2 === 0 ? 401 : 500).end(echo);
    });
    const api = await listen(t, (request, response) => {
      if (answers.api === 'broken') {
        response.writeHead(401).end('{"kind":"Status","code":401,"message":"who are you?"}');
        return;
      }
      void forward(cluster.url, request, response);
    });
    await writeFile(join(folder, 'password'), CANARIES.password);
    await writeFile(join(folder, 'kubeconfig'), withToken(cluster, api));
    const credentials =
      login === 'password'
        ? { username: 'reader', passwordFile: join(folder, 'password') }
        : { bearerTokenFile: join(folder, 'password') };
    await writeFile(
      join(folder, 'settings.yaml'),
      JSON.stringify({
        namespace: SYSTEM,
        webhook: { host: '127.0.0.1', port: 0, extraNames: ['127.0.0.1'] },
        operations: { host: '127.0.0.1', port: 0 },
        telemetry: {
          backend: 'Prometheus',
          prometheus: {
            ...{ url: prometheus, timeoutSeconds: 2, ...credentials },
            headers: { 'X-Scope-OrgID': CANARIES.tenant },
          },
        },
        learner: { intervalSeconds: 1, ingestDelaySeconds: 0 },
        audit: { path: join(folder, 'audit.jsonl') },
        ...{ drainSeconds: 0, logLevel: 'trace' },
      }),
    );
    const spoken = new Spoken(t, [
      ...['--role', 'admission,learner', '--config', join(folder, 'settings.yaml')],
      ...['--kubeconfig', join(folder, 'kubeconfig')],
    ]);
    const [, webhookPort = ''] = await spoken.says(/"port":(\d+),"msg":"the webhook listens"/);
    const [, port = ''] = await spoken.says(/"port":(\d+),"msg":"probes and metrics listen"/);
    await configure(cluster, Number(webhookPort));
    const operations = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const ready = performance.now() + PATIENCE_MILLISECONDS;
    while (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok && performance.now() < ready) {
      await sleep(100);
    }
    const secret = await call(cluster.url, 'GET', SECRET);
    const keys = keysOf(secret.body['data'] as Record<string, string>);
    assert.ok(keys.length >= 6, 'the keys of two CAs and the one that signs decisions');

    // Pods with secrets of their own, and reviews that cannot be read.
    for (let index = 0; index < 3; index += 1) {
      const made = await call(cluster.url, 'POST', PODS, { body: pod(`canary-${index}`) });
      assert.ok(JSON.stringify(made.body).includes('perihelion.dev/decision-id'), 'decided');
    }
    await spoken.says(/Prometheus answered 401/);
    answers.prometheus = 'garbage';
    // Half a Secret, as in the middle of somebody's change.
    await call(cluster.url, 'PATCH', SECRET, {
      body: { data: { 'ca.key': Buffer.from(CANARIES.brokenKey).toString('base64') } },
      type: 'application/merge-patch+json',
    });
    await spoken.says(/certificate round failed/);
    answers.api = 'broken';
    await spoken.says(/who are you\?/);

    const outputs = {
      metrics: await operations('/metrics'),
      readiness: await operations('/readyz'),
      cluster: JSON.stringify([
        await call(cluster.url, 'GET', `/apis/perihelion.dev/v1alpha1/placementmodels`),
        await call(cluster.url, 'GET', `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`),
      ]),
    };
    spoken.signal('SIGTERM');
    assert.equal(await spoken.ended, 0);
    const audit = (await readdir(folder)).filter((file) => file.startsWith('audit.jsonl'));
    const lines = await Promise.all(audit.map((file) => readFile(join(folder, file), 'utf8')));
    assert.match(lines.join(''), /"name":"canary-2"/);

    const canaries = [...Object.values(CANARIES), ...keys];
    expectSilence('the log', spoken.text, canaries);
    expectSilence('the audit log', lines.join(''), canaries);
    for (const [where, text] of Object.entries(outputs)) expectSilence(where, text, canaries);
    // The search would find them if they were there.
    assert.throws(() => expectSilence('itself', `x ${CANARIES.tenant}`, canaries));
    assert.match(spoken.text, /"level":40/, 'it had something to say');
  });
}

test('wrong settings do not repeat credentials', async (t) => {
  const folder = await folderOf(t);
  const wrong: object[] = [
    { prometheus: { url: 'http://127.0.0.1:9', headers: { 'X-Key': [CANARIES.tenant] } } },
    { prometheus: { url: 'http://127.0.0.1:9', headers: CANARIES.tenant } },
    { prometheus: { url: 'http://127.0.0.1:9', password: CANARIES.password } },
    { prometheus: { url: `http://reader:${CANARIES.password}@127.0.0.1:9` } },
  ];
  for (const telemetry of wrong) {
    const file = join(folder, 'settings.yaml');
    await writeFile(file, JSON.stringify({ telemetry: { backend: 'Prometheus', ...telemetry } }));
    const spoken = new Spoken(t, ['--check-config', '--config', file]);
    assert.equal(await spoken.ended, 2, JSON.stringify(telemetry));
    assert.equal(spoken.text.trim().split('\n').length, 1, spoken.text);
    expectSilence('the error', spoken.text, Object.values(CANARIES));
  }
});

async function forward(
  url: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).filter(([name]) => FORWARDED.has(name));
  const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
  const aborted = new AbortController();
  response.once('close', () => aborted.abort());
  try {
    const answer = await fetch(`${url}${request.url ?? ''}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(headers) as Record<string, string>,
      signal: aborted.signal,
      ...body,
    });
    const type = answer.headers.get('content-type') ?? 'application/json';
    response.writeHead(answer.status, { 'content-type': type });
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  } catch {
    response.destroy();
  }
}

const FORWARDED = new Set(['accept', 'content-type']);

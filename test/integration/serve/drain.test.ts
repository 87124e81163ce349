// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLog } from '#audit/read.ts';
import { verifyLines } from '#audit/verify.ts';
import { call } from '../simulator/http.ts';
import {
  clusterOf,
  CONFIGURATION,
  configure,
  folderOf,
  NAMESPACE,
  PODS,
  serve,
  SERVICE,
} from './process.ts';
import { until } from '../../support/until.ts';

/** How often a kubelet looks, and how long the news takes to every API server; both shortened. */
const PROBE_MILLISECONDS = 20;
const ENDPOINT_MILLISECONDS = 400;
/** Answers after the signal, for the run to mean something. */
const ENOUGH_ANSWERS = 20;

function review(uid: string): string {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: uid, namespace: NAMESPACE },
    spec: { schedulerName: 'default-scheduler', containers: [{ name: 'c', image: 'c' }] },
  };
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      ...{ uid, kind, resource, name: uid, namespace: NAMESPACE, operation: 'CREATE', object },
      ...{ dryRun: false, userInfo: { username: 'admin' }, options: {} },
    },
  });
}

test('SIGTERM under load: readiness fails at once, no request does, the audit log is whole', async (t) => {
  const cluster = await clusterOf(t);
  const folder = await folderOf(t);
  const served = await serve(t, folder, cluster.kubeconfig, { drainSeconds: 8 });
  const port = await served.webhookPort();
  await configure(cluster, port);
  await served.ready();
  const { body } = await call(cluster.url, 'GET', CONFIGURATION);
  const [webhook] = body['webhooks'] as { clientConfig: { caBundle: string } }[];
  const ca = Buffer.from(webhook!.clientConfig.caBundle, 'base64').toString();

  const failures: string[] = [];
  const closing = { before: 0, after: 0, open: 0 };
  let sent = 0;
  let sending = true;
  let signalled = false;
  let termed = false;

  /** One review over TLS, as the API server sends it. */
  const post = async (agent: Agent | false): Promise<void> => {
    sent += 1;
    const uid = `direct-${sent}`;
    const late = termed;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const outgoing = request(
      {
        ...{ host: '127.0.0.1', port, ca, servername: SERVICE, agent, method: 'POST' },
        path: '/mutate?timeout=5s',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = `${response.statusCode ?? 0} `;
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.once('end', () => resolve(text));
        response.once('error', reject);
        const close = response.headers.connection === 'close';
        if (!signalled && close && agent !== false) closing.before += 1;
        else if (late && close) closing.after += 1;
        else if (late) closing.open += 1;
      },
    );
    outgoing.once('error', reject);
    outgoing.end(review(uid));
    try {
      const text = await promise;
      if (!text.startsWith('200 ') || !text.includes('"allowed":true')) failures.push(text);
    } catch (error) {
      failures.push(String(error));
    }
  };
  const kept = new Agent({ keepAlive: true });
  const load = async (one: (index: number) => Promise<void>): Promise<void> => {
    for (let index = 0; sending; index += 1) {
      await one(index);
      await sleep(2);
    }
  };
  let pods = 0;
  const running = Promise.all([
    load(() => post(false)),
    load(() => post(kept)),
    load(() => post(kept)),
    load(async () => {
      pods += 1;
      const name = `pod-${pods}`;
      const pod = { metadata: { name }, spec: { containers: [{ name: 'c', image: 'c' }] } };
      await call(cluster.url, 'POST', PODS, { body: pod });
    }),
  ]);
  await until(() => sent >= 150);

  signalled = true;
  served.child.kill('SIGTERM');
  await served.logged('going away');
  termed = true;
  let unready: string | undefined;
  while (unready === undefined) {
    const answer = await served.probe('/readyz');
    assert.notEqual(answer, undefined, 'the process went without a word');
    if (answer?.status === 503) unready = answer.text;
    else await sleep(PROBE_MILLISECONDS);
  }
  assert.match(unready, /the server is going away/);
  assert.equal((await served.probe('/healthz'))?.status, 200, 'alive while it drains');
  await sleep(ENDPOINT_MILLISECONDS);
  // On a slow machine the news may take longer, as long as it is not longer than the drain.
  while (closing.after <= ENOUGH_ANSWERS && served.child.exitCode === null) await sleep(5);
  sending = false;
  await running;
  kept.destroy();

  assert.equal(await served.ended, 0);
  assert.deepEqual(failures, []);
  const calls = cluster.webhookCalls.map(({ outcome, message }) => `${outcome} ${message ?? ''}`);
  assert.deepEqual(
    calls.filter((outcome) => outcome.startsWith('failed')),
    [],
  );
  assert.equal(calls.length, pods);
  assert.equal(closing.before, 0, 'connections are kept before');
  assert.equal(closing.open, 0, 'every answer from then on ends its connection');
  assert.ok(closing.after > ENOUGH_ANSWERS, `${closing.after} answers ended their connection`);
  const lines: string[] = [];
  for await (const line of readLog(join(folder, 'audit.jsonl'))) lines.push(line);
  assert.deepEqual(verifyLines(lines).problems, []);
  assert.equal(lines.length, sent + pods, 'one line for every answer');
  t.diagnostic(
    `${sent + pods} requests, ${closing.after} of them after SIGTERM with Connection: close`,
  );
});

test('a second signal ends the process at once', async (t) => {
  const cluster = await clusterOf(t);
  const served = await serve(t, await folderOf(t), cluster.kubeconfig, { drainSeconds: 600 });
  await configure(cluster, await served.webhookPort());
  await served.ready();
  served.child.kill('SIGTERM');
  await served.logged('going away');
  served.child.kill('SIGINT');
  assert.equal(await served.ended, 1);
});

test('a signal ends a process that is still waiting for the API server', async (t) => {
  const cluster = await clusterOf(t);
  const { kubeconfig } = cluster;
  const unreachable = kubeconfig.replaceAll(cluster.url, 'http://127.0.0.1:1');
  assert.notEqual(unreachable, kubeconfig);
  const served = await serve(t, await folderOf(t), unreachable);
  await served.logged('probes and metrics listen');
  const readiness = await served.probe('/readyz');
  assert.equal(readiness?.status, 503);
  served.child.kill('SIGTERM');
  await served.logged('gone before it was ready');
  assert.equal(await served.ended, 0);
});

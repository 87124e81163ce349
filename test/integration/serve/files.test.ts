// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import type { Pair } from '#certs/check.ts';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';
import { call } from '../simulator/http.ts';
import {
  clusterOf,
  CONFIGURATION,
  configure,
  folderOf,
  PODS,
  serve,
  SERVICE,
  SYSTEM,
} from './process.ts';
import { until } from '../../support/until.ts';

const NAMES = alternativeNames({
  service: 'perihelion',
  namespace: SYSTEM,
  extra: ['127.0.0.1'],
});

/** Serial number of the certificate that is served to a client that trusts this CA. */
async function serial(port: number, ca: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: SERVICE });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().serialNumber;
  } finally {
    socket.destroy();
  }
}

test('certificates from files: caBundle is left alone, a renewed file is served, readiness follows', async (t) => {
  const cluster = await clusterOf(t);
  const folder = await folderOf(t);
  const authority = await issueAuthority(Date.now());
  const ca = authority.certificatePem;
  const files = {
    certificateFile: join(folder, 'tls.crt'),
    privateKeyFile: join(folder, 'tls.key'),
    caFile: join(folder, 'ca.crt'),
  };
  const write = async (pair: Pair): Promise<void> => {
    await writeFile(files.certificateFile, pair.certificatePem);
    await writeFile(files.privateKeyFile, pair.privateKeyPem);
  };
  await writeFile(files.caFile, ca);
  await write(await issueServer(authority, NAMES, Date.now()));
  const served = await serve(t, folder, cluster.kubeconfig, {
    webhook: { certificates: 'Files', files },
    drainSeconds: 0,
  });
  const port = await served.webhookPort();
  assert.match((await served.probe('/readyz'))?.text ?? '', /certificate/);

  // Somebody else's bundle, first a wrong one.
  const stranger = await issueAuthority(Date.now());
  await configure(cluster, port, stranger.certificatePem);
  await until(async () =>
    ((await served.probe('/readyz'))?.text ?? '').includes('would not trust'),
  );
  await configure(cluster, port, ca);
  await served.ready();
  const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'c' }] } };
  await call(cluster.url, 'POST', PODS, { body: pod });
  assert.notEqual(cluster.webhookCalls.at(-1)?.outcome, 'failed');

  const before = await serial(port, ca);
  await write(await issueServer(authority, NAMES, Date.now()));
  await until(async () => (await serial(port, ca)) !== before);
  const { body } = await call(cluster.url, 'GET', CONFIGURATION);
  const [webhook] = body['webhooks'] as { clientConfig: { caBundle: string } }[];
  assert.equal(Buffer.from(webhook!.clientConfig.caBundle, 'base64').toString(), ca);
  const path = `/api/v1/namespaces/${SYSTEM}/secrets/perihelion-webhook`;
  const secret = await call(cluster.url, 'GET', path);
  assert.deepEqual(Object.keys(secret.body['data'] as object), ['decision-key']);
});

test('client authentication: ready by its own probe, closed to the nameless, a bad CA file is bad input', async (t) => {
  const cluster = await clusterOf(t);
  const folder = await folderOf(t);
  const clients = await issueAuthority(Date.now());
  const caFile = join(folder, 'clients.crt');
  const webhook = { clientAuthentication: { caFile, allowedNames: ['kube-apiserver'] } };
  const early = await serve(t, folder, cluster.kubeconfig, { webhook, drainSeconds: 0 });
  assert.equal(await early.ended, 2);

  await writeFile(caFile, clients.certificatePem);
  const served = await serve(t, folder, cluster.kubeconfig, { webhook, drainSeconds: 0 });
  await configure(cluster, await served.webhookPort());
  await served.ready();
  const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'c' }] } };
  const created = await call(cluster.url, 'POST', PODS, { body: pod });
  assert.equal(created.status, 201, 'failurePolicy Ignore');
  const [record] = cluster.webhookCalls;
  assert.equal(record?.outcome, 'failed');
  assert.match(record.message ?? '', /certificate required|alert|ECONNRESET|socket/i);
});

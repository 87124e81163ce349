// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { issueAuthority } from '#certs/issue.ts';
import { SLOT_KEYS } from '#certs/slot.ts';
import { call } from '../simulator/http.ts';
import { clusterOf, CONFIGURATION, configure, folderOf, serve, SYSTEM } from './process.ts';

const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/perihelion-webhook`;
const DAY_MILLISECONDS = 86_400_000;
/** Longer than two rounds: every timer of theirs runs out while nobody is there to hear it. */
const SUSPENDED_MILLISECONDS = 12_000;
const PATIENCE_MILLISECONDS = 60_000;

/** The leaf that is served on a port. */
async function leafOf(port: number): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return new X509Certificate(socket.getPeerCertificate().raw);
  } finally {
    socket.destroy();
  }
}

test('a process that was suspended mends its certificates right after it wakes', async (t) => {
  const cluster = await clusterOf(t);
  const served = await serve(t, await folderOf(t), cluster.kubeconfig);
  const port = await served.webhookPort();
  await configure(cluster, port);
  await served.ready();
  const before = await leafOf(port);

  served.child.kill('SIGSTOP');
  // While it sleeps: most of a year goes by for one CA, the other is long gone, and somebody blanks
  // the bundle.
  const now = Date.now();
  const longAgo = new Date(now - 100 * DAY_MILLISECONDS).toISOString();
  const aged = await issueAuthority(now, 80 * DAY_MILLISECONDS);
  const [first, second] = SLOT_KEYS;
  const texts = {
    [first.certificate]: aged.certificatePem,
    [first.privateKey]: aged.privateKeyPem,
    [first.activeAt]: longAgo,
    [second.activeAt]: longAgo,
  };
  const data = Object.entries(texts).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  const body = { data: Object.fromEntries(data) as Record<string, string> };
  const type = 'application/merge-patch+json';
  const { status } = await call(cluster.url, 'PATCH', SECRET, { body, type });
  assert.equal(status, 200);
  await configure(cluster, port);
  await sleep(SUSPENDED_MILLISECONDS);
  served.child.kill('SIGCONT');

  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  let problem = 'nothing was looked at';
  while (problem !== '' && performance.now() < deadline) {
    await sleep(100);
    problem = await missing(cluster.url, port, before, aged.certificatePem);
  }
  assert.equal(problem, '');
  await served.ready();
});

/** What is not mended yet; empty when all of it is. */
async function missing(
  url: string,
  port: number,
  before: X509Certificate,
  aged: string,
): Promise<string> {
  const { body } = await call(url, 'GET', CONFIGURATION);
  const [webhook] = body['webhooks'] as { clientConfig: { caBundle?: string } }[];
  const bundle = Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString('utf8');
  const secret = await call(url, 'GET', SECRET);
  const data = secret.body['data'] as Record<string, string>;
  const [slot] = SLOT_KEYS;
  const renewed = Buffer.from(data[slot.certificate] ?? '', 'base64').toString('utf8');
  if (renewed === aged) return 'the CA that was due stands as it was';
  if (!bundle.includes(renewed.trim())) return 'the new CA is not published';
  const leaf = await leafOf(port);
  return leaf.fingerprint256 === before.fingerprint256 ? 'the leaf is of a CA that is gone' : '';
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLog } from '#audit/read.ts';
import { verifyLines } from '#audit/verify.ts';
import { call } from '../simulator/http.ts';
import { until } from '../../support/until.ts';
import { clusterOf, configure, folderOf, PODS, serve, SYSTEM } from './process.ts';

const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases/perihelion-learner`;

/** Two rounds of the certificates: one of them is waiting for an answer by then. */
const STALLED_MILLISECONDS = 11_000;
/** The manifests give a Pod 30 s to go away, of which the drain takes 10 s and its grace 2 s. */
const PATIENCE_MILLISECONDS = 18_000;

/** A way to a server that can stop carrying anything, as where the machine behind it has died. */
async function wayTo(t: TestContext, url: string): Promise<{ url: string; stall: () => void }> {
  const { port } = new URL(url);
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer((near) => {
    sockets.add(near);
    near.on('error', () => undefined);
    if (stalled) return;
    const far = connectTo(Number(port), '127.0.0.1');
    sockets.add(far);
    far.on('error', () => near.destroy());
    far.on('close', () => !stalled && near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

test('SIGTERM while the API server says nothing: gone in time, with a whole audit log', async (t) => {
  const cluster = await clusterOf(t);
  const way = await wayTo(t, cluster.url);
  const folder = await folderOf(t);
  const kubeconfig = cluster.kubeconfig.replaceAll(cluster.url, way.url);
  assert.ok(kubeconfig.includes(way.url));
  const served = await serve(t, folder, kubeconfig, { drainSeconds: 1 });
  await configure(cluster, await served.webhookPort());
  await served.ready();
  const body = {
    metadata: { name: 'a', namespace: 'shop' },
    spec: { containers: [{ name: 'c', image: 'c' }] },
  };
  assert.equal((await call(cluster.url, 'POST', PODS, { body })).status, 201);
  way.stall();
  await sleep(STALLED_MILLISECONDS);
  const start = performance.now();
  served.child.kill('SIGTERM');
  const code = await Promise.race([served.ended, sleep(PATIENCE_MILLISECONDS, 'still there')]);
  t.diagnostic(`gone after ${Math.round(performance.now() - start)} ms`);
  assert.equal(code, 0);
  const lines: string[] = [];
  for await (const line of readLog(join(folder, 'audit.jsonl'))) lines.push(line);
  assert.deepEqual(verifyLines(lines).problems, []);
  assert.equal(lines.length, 1);
});

test('SIGTERM of a leader while Prometheus says nothing: gone in time, with the lease given back', async (t) => {
  const cluster = await clusterOf(t);
  let asked = 0;
  const prometheus = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => (asked += 1));
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => prometheus.listen(0, '127.0.0.1', resolve));
  t.after(() => prometheus.close());
  const url = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
  const settings = {
    roles: ['admission', 'learner'],
    drainSeconds: 1,
    learner: { intervalSeconds: 1 },
    telemetry: { backend: 'Prometheus', prometheus: { url } },
  };
  const folder = await folderOf(t);
  const served = await serve(t, folder, cluster.kubeconfig, settings);
  await configure(cluster, await served.webhookPort());
  await served.ready();
  const body = {
    metadata: { name: 'a', namespace: 'shop' },
    spec: { containers: [{ name: 'c', image: 'c' }] },
  };
  assert.equal((await call(cluster.url, 'POST', PODS, { body })).status, 201);
  await until(() => asked > 0);
  const start = performance.now();
  served.child.kill('SIGTERM');
  const code = await Promise.race([served.ended, sleep(PATIENCE_MILLISECONDS, 'still there')]);
  t.diagnostic(`gone after ${Math.round(performance.now() - start)} ms`);
  assert.equal(code, 0);
  const lease = await call(cluster.url, 'GET', LEASE);
  assert.equal((lease.body['spec'] as { holderIdentity: string }).holderIdentity, '');
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';
import { createScrapeTelemetry } from '#telemetry/scrape/scrape.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';

const NAME = 'kepler.power.svc';
const PAGE = 'kepler_node_cpu_watts{node_name="n1",path="/sys/intel-rapl:0",zone="package"} 50\n';

/** A proxy as kube-rbac-proxy: TLS of its own CA, 401 without the token of the moment. */
async function serveProxy(t: TestContext) {
  const now = Date.now();
  const authority = await issueAuthority(now);
  const names = alternativeNames({ service: 'kepler', namespace: 'power', extra: [NAME] });
  const server = await issueServer(authority, names, now);
  const state = { token: 'first', seen: [] as (string | undefined)[] };
  const proxy = createServer(
    { key: server.privateKeyPem, cert: server.certificatePem },
    (request, response) => {
      state.seen.push(request.headers.authorization);
      if (request.headers.authorization === `Bearer ${state.token}`) response.end(PAGE);
      else response.writeHead(401).end('Unauthorized');
    },
  );
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-scrape-'));
  t.after(() => rm(folder, { recursive: true }));
  const files = { bearerTokenFile: join(folder, 'token'), caFile: join(folder, 'ca.crt') };
  await writeFile(files.bearerTokenFile, 'first\n');
  await writeFile(files.caFile, authority.certificatePem);
  const url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}/metrics`;
  return { state, files, url, other: (await issueAuthority(now)).certificatePem };
}

function scraper(
  t: TestContext,
  target: ScrapeTarget,
  credentials: Parameters<typeof createScrapeTelemetry>[0]['credentials'],
) {
  const warnings: string[] = [];
  const telemetry = createScrapeTelemetry({
    targets: () => [target],
    credentials,
    onWarning: (message) => warnings.push(message),
  });
  t.after(() => telemetry.close());
  return { telemetry, warnings };
}

test('an exporter behind a proxy is scraped with a token that may be rotated', async (t) => {
  const { state, files, url } = await serveProxy(t);
  const target: ScrapeTarget = { url, labels: {}, kind: 'kepler', secure: true };
  const { telemetry, warnings } = scraper(t, target, { ...files, serverName: NAME });
  await telemetry.collect(10_000);
  state.token = 'second';
  await telemetry.collect(20_000);
  assert.deepEqual(warnings, [`${url}: answered 401`]);
  await writeFile(files.bearerTokenFile, 'second');
  await telemetry.collect(30_000);
  const { nodeWatts } = await telemetry.power({ from: 0, to: 30_000 });
  const reading = nodeWatts.get('n1');
  assert.ok(reading?.kind === 'measured' && reading.samples === 2, JSON.stringify(reading));
  assert.deepEqual(state.seen, ['Bearer first', 'Bearer first', 'Bearer second']);
});

test('no token goes to a server of another CA, of another name, or that is not trusted', async (t) => {
  const { state, files, url, other } = await serveProxy(t);
  const secure: ScrapeTarget = { url, labels: {}, kind: 'kepler', secure: true };
  // The certificate is not for the address.
  const unnamed = scraper(t, secure, files);
  await unnamed.telemetry.collect(1000);
  assert.equal(unnamed.warnings.length, 1);
  // Not marked as trusted: no credentials, and the CA of the system does not know it.
  const plain = scraper(t, { ...secure, secure: undefined }, { ...files, serverName: NAME });
  await plain.telemetry.collect(1000);
  assert.equal(plain.warnings.length, 1);
  await writeFile(files.caFile, other);
  const foreign = scraper(t, secure, { ...files, serverName: NAME });
  await foreign.telemetry.collect(1000);
  assert.equal(foreign.warnings.length, 1);
  assert.deepEqual(state.seen, []);
});

test('a token is never sent in the clear', async (t) => {
  const { files, url } = await serveProxy(t);
  const target: ScrapeTarget = {
    url: url.replace('https:', 'http:'),
    labels: {},
    kind: 'kepler',
    secure: true,
  };
  const { telemetry, warnings } = scraper(t, target, { ...files, serverName: NAME });
  await telemetry.collect(1000);
  assert.equal(warnings.length, 1);
});

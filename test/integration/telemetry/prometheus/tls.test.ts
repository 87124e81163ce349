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
import { PrometheusClient, type PrometheusOptions } from '#telemetry/prometheus/client.ts';

const EMPTY = '{"status":"success","data":{"resultType":"vector","result":[]}}';

/** A Prometheus server behind TLS of a CA of its own; who asked it, and with which credentials. */
async function serveTls(t: TestContext, names: readonly string[]) {
  const now = Date.now();
  const authority = await issueAuthority(now);
  const hosts = alternativeNames({ service: 'prometheus', namespace: 'monitoring', extra: names });
  const certificate = await issueServer(authority, hosts, now);
  const seen: (string | undefined)[] = [];
  const server = createServer(
    { key: certificate.privateKeyPem, cert: certificate.certificatePem },
    (request, response) => {
      seen.push(request.headers.authorization);
      request.resume().on('end', () => response.end(EMPTY));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const caFile = join(folder, 'ca.crt');
  const otherCaFile = join(folder, 'other.crt');
  const bearerTokenFile = join(folder, 'token');
  await writeFile(caFile, authority.certificatePem);
  await writeFile(otherCaFile, (await issueAuthority(now)).certificatePem);
  await writeFile(bearerTokenFile, 'secret\n');
  const { port } = server.address() as AddressInfo;
  /** A new CA, with a certificate of the server from it; old connections are closed. */
  const rotate = async (): Promise<string> => {
    const next = await issueAuthority(now);
    const { privateKeyPem: key, certificatePem: cert } = await issueServer(next, hosts, now);
    server.setSecureContext({ key, cert });
    server.closeAllConnections();
    return next.certificatePem;
  };
  return { url: `https://127.0.0.1:${port}`, caFile, otherCaFile, bearerTokenFile, seen, rotate };
}

function open(t: TestContext, options: Omit<PrometheusOptions, 'random'>): PrometheusClient {
  const client = new PrometheusClient({ random: () => 0, tries: 1, ...options });
  t.after(() => client.close());
  return client;
}

test('a server of a private CA is believed with that CA, and is sent the token', async (t) => {
  const { url, caFile, bearerTokenFile, seen } = await serveTls(t, ['127.0.0.1']);
  assert.deepEqual(await open(t, { url, caFile, bearerTokenFile }).query('up', 0), []);
  assert.deepEqual(seen, ['Bearer secret']);
});

test('a server of another CA, or of none that is known, is not sent the token', async (t) => {
  const { url, otherCaFile, bearerTokenFile, seen } = await serveTls(t, ['127.0.0.1']);
  for (const caFile of [otherCaFile, undefined]) {
    await assert.rejects(
      open(t, { url, caFile, bearerTokenFile }).query('up', 0),
      /PERI_TELEMETRY_UNAVAILABLE|certificate/,
    );
  }
  assert.deepEqual(seen, []);
});

test('a server whose certificate is for another name is not sent the token', async (t) => {
  const { url, caFile, bearerTokenFile, seen } = await serveTls(t, []);
  await assert.rejects(open(t, { url, caFile, bearerTokenFile }).query('up', 0), /altnames/);
  assert.deepEqual(seen, []);
});

test('a CA that is rotated is believed without a restart, and the old one no longer', async (t) => {
  const { url, caFile, bearerTokenFile, seen, rotate } = await serveTls(t, ['127.0.0.1']);
  const client = open(t, { url, caFile, bearerTokenFile });
  await client.query('up', 0);
  const next = await rotate();
  await assert.rejects(client.query('up', 0), /PERI_TELEMETRY_UNAVAILABLE|certificate|self-signed/);
  await writeFile(caFile, next);
  assert.deepEqual(await client.query('up', 0), []);
  assert.equal(seen.length, 2);
});

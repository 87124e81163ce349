// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';

const run = promisify(execFile);
const NAMES = alternativeNames({
  service: 'perihelion',
  namespace: 'perihelion-system',
  extra: ['127.0.0.1'],
});
const authority = await issueAuthority(Date.now());
const server = await issueServer(authority, NAMES, Date.now());

async function handshake(port: number, ca: string, servername: string): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, servername });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  } finally {
    socket.destroy();
  }
}

test('a client with our CA trusts the server, under its Service name only', async (t) => {
  const https = createServer({ key: server.privateKeyPem, cert: server.certificatePem });
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  t.after(() => https.close());
  const { port } = https.address() as AddressInfo;
  const ca = authority.certificatePem;
  const host = 'perihelion.perihelion-system.svc';
  const before = await handshake(port, ca, host);
  await assert.rejects(handshake(port, ca, 'other.perihelion-system.svc'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  const stranger = await issueAuthority(Date.now());
  await assert.rejects(handshake(port, stranger.certificatePem, host), /unable to verify|self/);

  const next = await issueServer(authority, NAMES, Date.now());
  https.setSecureContext({ key: next.privateKeyPem, cert: next.certificatePem });
  assert.notEqual(await handshake(port, ca, host), before, 'the next leaf without a restart');
  assert.notEqual(await handshake(port, `${stranger.certificatePem}${ca}`, host), before);
});

test('openssl accepts the chain under its strict rules and reads the extensions', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-tls-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const ca = join(directory, 'ca.crt');
  const leaf = join(directory, 'tls.crt');
  await writeFile(ca, authority.certificatePem);
  await writeFile(leaf, server.certificatePem);
  const strict = ['-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, leaf];
  const { stdout } = await run('openssl', ['verify', ...strict]);
  assert.match(stdout, /: OK/);
  const text = async (file: string): Promise<string> =>
    (await run('openssl', ['x509', '-in', file, '-noout', '-text'])).stdout;
  const [root, end] = [await text(ca), await text(leaf)];
  assert.match(root, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
  assert.match(root, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
  assert.doesNotMatch(root, /Extended Key Usage|Alternative Name/);
  assert.match(end, /Basic Constraints: critical\s+CA:FALSE/);
  assert.match(end, /Key Usage: critical\s+Digital Signature\n/);
  assert.match(end, /Extended Key Usage:\s+TLS Web Server Authentication/);
  assert.doesNotMatch(end, /Certificate Sign/);
  const subjectKey = /Subject Key Identifier:\s+([0-9A-F:]+)/.exec(root)?.[1];
  const authorityKey = /Authority Key Identifier:\s+(?:keyid:)?([0-9A-F:]+)/.exec(end)?.[1];
  assert.notEqual(subjectKey, undefined);
  assert.equal(authorityKey, subjectKey);
});

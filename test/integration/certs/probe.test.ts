// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';
import { probeServer } from '#certs/probe.ts';
import { SERVICE } from './replicas.ts';

const NAMES = alternativeNames({ service: 'perihelion', namespace: 'perihelion-system' });
const authority = await issueAuthority(Date.now());
const stranger = await issueAuthority(Date.now());
const leaf = await issueServer(authority, NAMES, Date.now());
const next = await issueServer(authority, NAMES, Date.now());

test('the probe is content with what a client would trust, and with nothing else', async (t) => {
  const server = createServer({ key: leaf.privateKeyPem, cert: leaf.certificatePem });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, names: [SERVICE] };
  const { certificatePem } = leaf;
  const bundlePem = stranger.certificatePem + authority.certificatePem;
  await probeServer(target, { certificatePem, bundlePem });
  await probeServer(
    { ...target, names: ['other.example', SERVICE] },
    { certificatePem, bundlePem },
  );
  const refused: [() => Promise<void>, RegExp][] = [
    [
      () => probeServer(target, { certificatePem, bundlePem: stranger.certificatePem }),
      /would not trust .*(unable to verify|self)/,
    ],
    [() => probeServer(target, { certificatePem, bundlePem: undefined }), /would not trust/],
    [
      () => probeServer({ ...target, names: ['other.example'] }, { certificatePem, bundlePem }),
      /none of the names/,
    ],
    [
      () => probeServer(target, { certificatePem: next.certificatePem, bundlePem }),
      /another certificate is being served/,
    ],
    [() => probeServer({ ...target, port: 1 }, { certificatePem, bundlePem }), /ECONNREFUSED/],
  ];
  for (const [probe, message] of refused) {
    await assert.rejects(probe, { code: 'PERI_CERTIFICATE_INVALID', message });
  }
});

test('a server that does not speak TLS fails the probe', async (t) => {
  const server = createPlainServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('no TLS here');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const probe = probeServer(
    { host: '127.0.0.1', port, names: [SERVICE] },
    { certificatePem: leaf.certificatePem, bundlePem: authority.certificatePem },
  );
  await assert.rejects(probe, { code: 'PERI_CERTIFICATE_INVALID', message: /would not trust/ });
});

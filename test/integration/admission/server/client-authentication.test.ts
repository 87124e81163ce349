// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPair } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { ClientAuthentication } from '#admission/server/client-gate.ts';
import type { AdmissionServer, TlsMaterial } from '#admission/server/server.ts';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import type { Pair } from '#certs/check.ts';
import { node, rawPod, reviewOf, World } from '../../../unit/admission/world.ts';
import { selfSigned, SERVER_NAME } from '../certificate.ts';

const REVIEW = JSON.stringify(reviewOf(rawPod()));
const ALLOWED = ['kube-apiserver', 'spiffe://cluster/apiserver', 'apiserver.example'];

interface ClientNames {
  readonly commonName: string;
  readonly alternatives?: readonly { type: 1 | 2 | 6; value: string }[];
}

/** A client certificate of a CA. */
async function clientOf(authority: Pair, names: ClientNames): Promise<TlsMaterial> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = '0a';
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 600_000);
  certificate.setSubject([{ name: 'commonName', value: names.commonName }]);
  const issuer = forge.pki.certificateFromPem(authority.certificatePem);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'extKeyUsage', clientAuth: true },
    ...(names.alternatives === undefined
      ? []
      : [{ name: 'subjectAltName', altNames: names.alternatives }]),
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(authority.privateKeyPem), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: pair.privateKey };
}

describe('client authentication', () => {
  let authority: Pair;
  let stranger: Pair;
  let tls: TlsMaterial;
  let world: World;
  let server: AdmissionServer;
  let port = 0;
  let known: TlsMaterial;

  before(async () => {
    [authority, stranger, tls] = await Promise.all([
      issueAuthority(Date.now()),
      issueAuthority(Date.now()),
      selfSigned('07'),
    ]);
    known = await clientOf(authority, { commonName: 'kube-apiserver' });
    world = new World([node('w1')]);
    const clients: ClientAuthentication = {
      caPem: authority.certificatePem,
      allowedNames: ALLOWED,
    };
    const admission = world.admission({ elapsed: () => performance.now(), clients });
    server = admission.server(tls);
    ({ port } = await server.listen({ port: 0, host: '127.0.0.1' }));
  });
  after(() => server.close(0));

  function open(options: ConnectionOptions = {}): TLSSocket {
    return connect({
      host: '127.0.0.1',
      port,
      ca: String(tls.cert),
      servername: SERVER_NAME,
      ...options,
    });
  }

  /** Sends head and, unless `headOnly`, body; gives the status line, or the error's code. */
  async function send(options: ConnectionOptions, headOnly = false): Promise<string> {
    const socket = open(options);
    socket.setEncoding('utf8');
    let text = '';
    let failure = '';
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
    socket.write(
      `POST /mutate?timeout=2s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${REVIEW.length}\r\n\r\n` +
        (headOnly ? '' : REVIEW),
    );
    // Not `once`, which would reject with the error that is the answer here.
    await new Promise((resolve) => socket.on('close', resolve));
    return failure === '' ? text : failure;
  }

  it('answers a client with a certificate of the CA and an allowed name', async () => {
    assert.match(await send({ ...known }), /^HTTP\/1\.1 200 /);
    for (const alternatives of [
      [{ type: 6, value: 'spiffe://cluster/apiserver' }],
      [
        { type: 2, value: 'other.example' },
        { type: 2, value: 'apiserver.example' },
      ],
    ] as const) {
      const client = await clientOf(authority, { commonName: 'any', alternatives });
      assert.match(await send({ ...client }), /^HTTP\/1\.1 200 /);
    }
  });

  it('ends the handshake of a client without or with a wrong certificate, whatever TLS', async () => {
    const names = { service: undefined, dns: ['kube-apiserver'], ip: [] };
    const forServers = await issueServer(authority, names, Date.now());
    const wrong: [string, ConnectionOptions][] = [
      ['none', {}],
      ['of another CA', { ...(await clientOf(stranger, { commonName: 'kube-apiserver' })) }],
      ['signed by itself', { ...(await selfSigned('08')) }],
      ['for servers', { cert: forServers.certificatePem, key: forServers.privateKeyPem }],
    ];
    for (const [what, material] of wrong) {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const options = { ...material, minVersion: version, maxVersion: version };
        const answer = await send(options);
        assert.doesNotMatch(answer, /HTTP/, `${what}, ${version}`);
        assert.match(answer, /^(ERR_SSL|EPROTO|ECONNRESET|EPIPE|$)/, `${what}, ${version}`);
      }
    }
    assert.ok((await world.registry.metrics()).includes('perihelion'), 'the server lives on');
  });

  it('refuses another name with 403 before the body is read', async () => {
    const crafted = [{ type: 2, value: 'x", DNS:kube-apiserver' }] as const;
    for (const names of [
      { commonName: 'kubelet' },
      { commonName: 'kube-apiserver.example' },
      { commonName: 'kubelet', alternatives: crafted },
      { commonName: 'kubelet', alternatives: [{ type: 2, value: 'x, DNS:kube-apiserver' }] },
    ] as const) {
      const client = await clientOf(authority, names);
      const before = world.entries.length;
      const answer = await send({ ...client }, true);
      assert.match(answer, /^HTTP\/1\.1 403 /);
      assert.match(answer, /Connection: close/i);
      assert.match(answer, /none of the allowed names/);
      assert.equal(world.entries.length, before, 'nothing was decided');
    }
    assert.match(await world.registry.metrics(), /refused_total\{status="403"\} [1-9]/);
  });

  it('checks each connection: no session is resumed', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const only = { minVersion: version, maxVersion: version } as const;
      const first = open({ ...known, ...only });
      let session: Buffer | undefined;
      first.on('session', (given: Buffer) => (session = given));
      await once(first, 'secureConnect');
      first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(first, 'data');
      session ??= first.getSession();
      first.destroy();
      const second = open({ ...known, ...only, session });
      await once(second, 'secureConnect');
      assert.equal(second.isSessionReused(), false, version);
      second.destroy();
    }
  });

  it('keeps asking after a new server certificate, and for other CAs once they change', async () => {
    const next = await selfSigned('09');
    server.setSecureContext(next);
    const ca = String(next.cert);
    assert.doesNotMatch(await send({ ca }), /HTTP/);
    assert.match(await send({ ...known, ca }), /^HTTP\/1\.1 200 /);
    assert.throws(() => server.setClientAuthority('-----BEGIN CERTIFICATE-----\nhalf'), {
      code: 'PERI_CERTIFICATE_INVALID',
    });
    assert.match(await send({ ...known, ca }), /^HTTP\/1\.1 200 /);
    server.setClientAuthority(stranger.certificatePem);
    assert.doesNotMatch(await send({ ...known, ca }), /HTTP/);
    const other = await clientOf(stranger, { commonName: 'kube-apiserver' });
    assert.match(await send({ ...other, ca }), /^HTTP\/1\.1 200 /);
  });
});

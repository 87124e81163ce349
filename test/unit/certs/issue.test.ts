// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { checkAuthority, checkServer, readBundle, type Pair } from '#certs/check.ts';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';

const NOW = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NAMES = alternativeNames({
  service: 'perihelion',
  namespace: 'perihelion-system',
  extra: ['localhost', '127.0.0.1', '::1'],
});

const authority = await issueAuthority(NOW);
const other = await issueAuthority(NOW);
const server = await issueServer(authority, NAMES, NOW);

function read(pair: Pair): X509Certificate {
  return new X509Certificate(pair.certificatePem);
}

test('a Service has four names; extra ones are sorted into names and addresses', () => {
  assert.deepEqual(NAMES, {
    dns: [
      'perihelion',
      'perihelion.perihelion-system',
      'perihelion.perihelion-system.svc',
      'perihelion.perihelion-system.svc.cluster.local',
      'localhost',
    ],
    ip: ['127.0.0.1', '::1'],
  });
  assert.deepEqual(alternativeNames({ extra: ['10.0.0.1', '10.0.0.1', 'a'] }), {
    dns: ['a'],
    ip: ['10.0.0.1'],
  });
});

test('the CA is a CA, signed by itself, with a name of its own', () => {
  const certificate = read(authority);
  assert.equal(certificate.ca, true);
  assert.equal(certificate.verify(certificate.publicKey), true);
  assert.notEqual(certificate.subject, read(other).subject);
  assert.notEqual(certificate.fingerprint256, read(other).fingerprint256);
});

test('the leaf is signed by the CA, names every name, and is for servers only', () => {
  const certificate = read(server);
  assert.equal(certificate.ca, false);
  assert.equal(certificate.checkIssued(read(authority)), true);
  assert.equal(certificate.verify(read(authority).publicKey), true);
  assert.equal(certificate.verify(read(other).publicKey), false);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  for (const name of NAMES.dns) assert.equal(certificate.checkHost(name), name);
  for (const ip of NAMES.ip) assert.equal(certificate.checkIP(ip), ip);
  assert.equal(certificate.checkHost('perihelion.other.svc'), undefined);
});

test('serials are 16 random bytes and positive', () => {
  const serials = [authority, other, server].map((pair) => read(pair).serialNumber);
  assert.equal(new Set(serials).size, 3);
  for (const serial of serials) {
    assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  }
});

test('certificates are valid from one hour before, and a leaf never outlives its CA', async () => {
  assert.equal(read(authority).validFromDate.getTime(), NOW - HOUR);
  assert.equal(read(server).validFromDate.getTime(), NOW - HOUR);
  assert.equal(read(server).validToDate.getTime(), NOW + 30 * DAY);
  const short = await issueAuthority(NOW, 2 * DAY);
  const leaf = await issueServer(short, NAMES, NOW);
  assert.equal(read(leaf).validToDate.getTime(), NOW + 2 * DAY);
});

test('a leaf needs a name and a usable CA', async () => {
  const nameless = issueServer(authority, { dns: [], ip: [] }, NOW);
  await assert.rejects(nameless, { code: 'PERI_CERTIFICATE_INVALID', message: /no name/ });
  await assert.rejects(issueServer(server, NAMES, NOW), /not a CA/);
  await assert.rejects(issueServer(authority, NAMES, NOW + 3651 * DAY), /has expired/);
});

test('a name longer than a common name may be is served all the same', async () => {
  const names = alternativeNames({ service: 's'.repeat(63), namespace: 'n'.repeat(63) });
  const leaf = await issueServer(authority, names, NOW);
  assert.equal(read(leaf).checkHost(names.dns[3]!), names.dns[3]);
  const address = await issueServer(authority, { dns: [], ip: ['127.0.0.1'] }, NOW);
  assert.equal(read(address).checkIP('127.0.0.1'), '127.0.0.1');
});

test('the checks find every kind of bad pair', () => {
  const root = read(authority);
  const mixed = { ...server, privateKeyPem: other.privateKeyPem };
  const cases: [() => unknown, RegExp][] = [
    [() => checkAuthority({ ...authority, certificatePem: 'x' }, NOW), /unreadable certificate/],
    [() => checkAuthority({ ...authority, privateKeyPem: 'x' }, NOW), /unreadable private key/],
    [() => checkAuthority({ ...authority, privateKeyPem: other.privateKeyPem }, NOW), /another/],
    [() => checkAuthority(server, NOW), /not a CA/],
    [() => checkAuthority(authority, NOW - 2 * HOUR), /not valid yet/],
    [() => checkServer(mixed, root, NAMES, NOW), /another certificate/],
    [() => checkServer(server, read(other), NAMES, NOW), /not signed by the CA/],
    [() => checkServer(authority, root, NAMES, NOW), /is a CA/],
    [() => checkServer(server, root, { dns: ['a.b'], ip: [] }, NOW), /does not name a\.b/],
    [() => checkServer(server, root, { dns: [], ip: ['10.0.0.1'] }, NOW), /name 10\.0\.0\.1/],
    [() => checkServer(server, root, NAMES, NOW + 31 * DAY), /has expired/],
  ];
  for (const [attempt, message] of cases) {
    assert.throws(attempt, { code: 'PERI_CERTIFICATE_INVALID', message });
  }
  checkServer(server, root, NAMES, NOW);
});

test('a bundle is read certificate by certificate', () => {
  const bundle = `# ours\n${authority.certificatePem}\n${other.certificatePem}`;
  assert.deepEqual(
    readBundle(bundle).map(({ fingerprint256 }) => fingerprint256),
    [read(authority).fingerprint256, read(other).fingerprint256],
  );
  assert.deepEqual(readBundle(''), []);
  assert.throws(() => readBundle(authority.certificatePem.replace('MII', '???')), {
    code: 'PERI_CERTIFICATE_INVALID',
  });
});

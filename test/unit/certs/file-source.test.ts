// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileSource } from '#certs/file-source.ts';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';

const NOW = Date.UTC(2026, 0, 2);
const NAMES = alternativeNames({ extra: ['localhost'] });
const authority = await issueAuthority(NOW);

test('files are read, checked, and a bad change keeps the last good pair', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-certs-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const files = {
    certificate: join(directory, 'tls.crt'),
    privateKey: join(directory, 'tls.key'),
    authority: join(directory, 'ca.crt'),
  };
  let time = NOW;
  const source = new FileSource(files, () => time);
  let told = 0;
  source.subscribe(() => (told += 1));
  await source.refresh();
  assert.equal(source.status.ready, false);
  assert.match(source.status.reason, /ENOENT/);

  const first = await issueServer(authority, NAMES, NOW);
  await writeFile(files.certificate, first.certificatePem);
  await writeFile(files.privateKey, first.privateKeyPem);
  await writeFile(files.authority, authority.certificatePem);
  await source.refresh();
  await source.refresh();
  assert.equal(source.status.ready, true);
  assert.equal(told, 1);
  assert.equal(source.current()?.certificatePem, first.certificatePem);

  const second = await issueServer(authority, NAMES, NOW);
  await writeFile(files.certificate, second.certificatePem);
  await source.refresh();
  assert.match(source.status.reason, /does not belong/);
  assert.equal(source.current()?.certificatePem, first.certificatePem);
  await writeFile(files.privateKey, second.privateKeyPem);
  await source.refresh();
  assert.equal(told, 2);
  assert.equal(source.current()?.certificatePem, second.certificatePem);

  for (const [file, message] of [
    [files.authority, /ca\.crt: no certificate/],
    [files.certificate, /tls\.crt: no certificate/],
  ] as const) {
    await writeFile(file, 'nothing');
    await source.refresh();
    assert.match(source.status.reason, message);
    assert.equal(source.status.ready, true);
  }
  await writeFile(files.authority, authority.certificatePem);
  await writeFile(files.certificate, first.certificatePem);
  await writeFile(files.privateKey, first.privateKeyPem);
  time = NOW + 31 * 86_400_000;
  await source.refresh();
  assert.match(source.status.reason, /has expired/);
});

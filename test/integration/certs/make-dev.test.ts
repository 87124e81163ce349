// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileSource } from '#certs/file-source.ts';
import { makeDevelopmentCertificates } from '../../../certs/make-dev.ts';

test('development certificates can be served, and only the owner reads the keys', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-dev-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const out = join(directory, 'certs');
  await makeDevelopmentCertificates(out, ['myhost.example']);
  const before = await readFile(join(out, 'tls.crt'), 'utf8');
  await makeDevelopmentCertificates(out, ['myhost.example']);
  assert.notEqual(await readFile(join(out, 'tls.crt'), 'utf8'), before);
  assert.deepEqual((await readdir(out)).sort(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  for (const key of ['ca.key', 'tls.key']) {
    assert.equal((await stat(join(out, key))).mode & 0o777, 0o600);
  }
  const source = new FileSource({
    files: {
      certificate: join(out, 'tls.crt'),
      privateKey: join(out, 'tls.key'),
      authority: join(out, 'ca.crt'),
    },
    now: Date.now,
  });
  await source.refresh();
  assert.deepEqual(source.status, { ready: true, reason: 'certificate was read from files' });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Pair } from '#certs/check.ts';
import { FileSource, type CertificateFiles, type FileSourceOptions } from '#certs/file-source.ts';
import { issueAuthority, issueServer } from '#certs/issue.ts';
import { alternativeNames } from '#certs/names.ts';

const NOW = Date.UTC(2026, 0, 2);
const DAY = 86_400_000;
const NAMES = alternativeNames({ extra: ['localhost'] });
const authority = await issueAuthority(NOW);
const first = await issueServer(authority, NAMES, NOW);
const second = await issueServer(authority, NAMES, NOW);

interface Folder {
  readonly files: Record<keyof CertificateFiles, string>;
  readonly write: (pair: Pair, ca?: string) => Promise<void>;
}

async function folder(t: TestContext): Promise<Folder> {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-certs-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const files = {
    certificate: join(directory, 'tls.crt'),
    privateKey: join(directory, 'tls.key'),
    authority: join(directory, 'ca.crt'),
  };
  return {
    files,
    write: async (pair, ca = authority.certificatePem) => {
      await writeFile(files.certificate, pair.certificatePem);
      await writeFile(files.privateKey, pair.privateKeyPem);
      await writeFile(files.authority, ca);
    },
  };
}

function sourceOf(files: CertificateFiles, more: Partial<FileSourceOptions> = {}): FileSource {
  return new FileSource({ files, now: () => NOW, ...more });
}

test('files are read, checked, and a bad change keeps the last good pair', async (t) => {
  const { files, write } = await folder(t);
  let time = NOW;
  const source = sourceOf(files, { now: () => time });
  let told = 0;
  source.subscribe(() => (told += 1));
  await source.refresh();
  assert.equal(source.status.ready, false);
  assert.match(source.status.reason, /ENOENT/);

  await write(first);
  await source.refresh();
  await source.refresh();
  assert.equal(source.status.ready, true);
  assert.equal(told, 1);
  assert.equal(source.current()?.certificatePem, first.certificatePem);

  await writeFile(files.certificate, second.certificatePem);
  await source.refresh();
  assert.match(source.status.reason, /does not belong/);
  assert.equal(source.status.ready, true);
  assert.equal(source.current()?.certificatePem, first.certificatePem);
  await writeFile(files.privateKey, second.privateKeyPem);
  await source.refresh();
  assert.equal(told, 2);
  assert.equal(source.current()?.certificatePem, second.certificatePem);

  const stranger = await issueAuthority(NOW);
  for (const [file, text, message] of [
    [files.authority, 'nothing', /ca\.crt: no certificate/],
    [files.authority, stranger.certificatePem, /tls\.crt: not of .*ca\.crt/],
    [files.certificate, 'nothing', /tls\.crt: no certificate/],
    [files.privateKey, 'half', /does not belong/],
  ] as const) {
    await write(second);
    await writeFile(file, text);
    await source.refresh();
    assert.match(source.status.reason, message);
    assert.equal(source.status.ready, true);
    assert.equal(source.current()?.certificatePem, second.certificatePem);
  }
  await write(first);
  time = NOW + 31 * DAY;
  await source.refresh();
  assert.match(source.status.reason, /has expired/);
  assert.equal(source.status.ready, false, 'what is served has expired too');
});

test('what the server refuses, or what is not valid yet, does not pass for what is served', async (t) => {
  const { files, write } = await folder(t);
  const errors: unknown[] = [];
  let time = NOW;
  const source = sourceOf(files, { now: () => time, onError: (error) => errors.push(error) });
  await write(first);
  await source.refresh();
  let refusal: Error | undefined = new Error('ee key too small');
  source.subscribe(() => {
    if (refusal !== undefined) throw refusal;
  });
  await write(second);
  for (let round = 0; round < 2; round += 1) {
    await source.refresh();
    assert.equal(source.current()?.certificatePem, first.certificatePem);
    assert.deepEqual(source.status, { ready: true, reason: 'ee key too small' });
  }
  assert.equal(errors.length, 2, 'each round tries again');
  refusal = undefined;
  await source.refresh();
  assert.equal(source.current()?.certificatePem, second.certificatePem);

  const early = await issueServer(authority, NAMES, NOW + DAY);
  await write(early);
  await source.refresh();
  assert.match(source.status.reason, /tls\.crt: is not valid yet/);
  assert.equal(source.current()?.certificatePem, second.certificatePem);
  time = NOW + DAY;
  await source.refresh();
  assert.equal(source.current()?.certificatePem, early.certificatePem);
});

test('a mounted Secret, which changes by symbolic link within one second, is seen by content', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-mount-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const mount = async (version: string, pair: Pair): Promise<void> => {
    const target = join(directory, version);
    await mkdir(target);
    await writeFile(join(target, 'tls.crt'), pair.certificatePem);
    await writeFile(join(target, 'tls.key'), pair.privateKeyPem);
    await writeFile(join(target, 'ca.crt'), authority.certificatePem);
    await symlink(version, join(directory, '..data.tmp'));
    await rename(join(directory, '..data.tmp'), join(directory, '..data'));
  };
  await mount('..1', first);
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) {
    await symlink(join('..data', name), join(directory, name));
  }
  const source = sourceOf({
    certificate: join(directory, 'tls.crt'),
    privateKey: join(directory, 'tls.key'),
    authority: join(directory, 'ca.crt'),
  });
  await source.refresh();
  assert.equal(source.current()?.certificatePem, first.certificatePem);
  await mount('..2', second);
  await source.refresh();
  assert.equal(source.current()?.certificatePem, second.certificatePem);
});

test('a renewed CA alone is a change; without a CA file anything that fits is served', async (t) => {
  const { files, write } = await folder(t);
  const source = sourceOf(files);
  await write(first);
  await source.refresh();
  const other = await issueAuthority(NOW);
  await write(first, other.certificatePem + authority.certificatePem);
  await source.refresh();
  assert.equal(source.current()?.bundlePem, other.certificatePem + authority.certificatePem);
  const bare = sourceOf({ certificate: files.certificate, privateKey: files.privateKey });
  await bare.refresh();
  assert.equal(bare.status.ready, true);
  assert.equal(bare.current()?.bundlePem, '');
});

test('not ready until a client that trusts only the published bundle is content, each time', async (t) => {
  const { files, write } = await folder(t);
  await write(first);
  let bundle: string | undefined;
  const probes: (string | undefined)[] = [];
  const errors: unknown[] = [];
  const source = sourceOf(files, {
    published: () => Promise.resolve(bundle),
    probe: (certificate, bundlePem) => {
      probes.push(bundlePem);
      return bundlePem === authority.certificatePem || certificate.notAfter === 0
        ? Promise.resolve()
        : Promise.reject(new Error('unable to verify'));
    },
    onError: (error) => errors.push(error),
  });
  await source.refresh();
  assert.deepEqual(source.status, { ready: false, reason: 'the webhook is not configured' });
  bundle = '';
  await source.refresh();
  assert.deepEqual(source.status, { ready: false, reason: 'unable to verify' });
  bundle = authority.certificatePem;
  await source.refresh();
  await source.refresh();
  assert.equal(source.status.ready, true);
  assert.deepEqual(probes, [undefined, bundle], 'an empty bundle means the CAs of the system');
  await write(second);
  await source.refresh();
  assert.equal(probes.length, 3);
  assert.equal(errors.length, 2);
});

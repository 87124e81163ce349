// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bundle } from '../../../tools/build.ts';

const run = promisify(execFile);
const source = (path: string): string =>
  fileURLToPath(new URL(`../../../src/${path}`, import.meta.url));

test('a bundle of ESM and CommonJS packages runs alone, with every dependency inside', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-build-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const entry = join(directory, 'entry.ts');
  const packages = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
  await writeFile(
    entry,
    [
      `import express from '${packages}express/index.js';`,
      `import { register } from '${packages}prom-client/index.js';`,
      `import { issueAuthority } from '${source('certs/issue.ts')}';`,
      `import { KubeClient } from '${source('cluster/api/client.ts')}';`,
      'const { certificatePem } = await issueAuthority(Date.now());',
      'console.log(JSON.stringify([typeof express(), typeof KubeClient,',
      '  certificatePem.slice(0, 27), typeof register.metrics]));',
    ].join('\n'),
  );
  const outfile = join(directory, 'out', 'bundle.mjs');
  const result = await bundle(entry, outfile);
  assert.equal(result.warnings, 0);
  const names = result.packages.map(([name]) => name);
  for (const name of ['.', 'express', 'node-forge', '@kubernetes/client-node', 'prom-client']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(result.bytes < 8 * 1024 * 1024, `${result.bytes} bytes`);
  // Optional accelerators that their users try to load and do without.
  assert.deepEqual(
    result.externals.filter((path) => !isBuiltin(path)),
    ['bufferutil', 'supports-color', 'utf-8-validate'],
  );
  const map = JSON.parse(await readFile(`${outfile}.map`, 'utf8')) as { sources: string[] };
  assert.ok(map.sources.some((path) => path.endsWith('src/certs/issue.ts')));
  const { stdout, stderr } = await run(process.execPath, [outfile], { cwd: directory });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), [
    'function',
    'function',
    '-----BEGIN CERTIFICATE-----',
    'function',
  ]);
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { pageFiles } from '#dashboard/server/page-files.ts';
import { bundle } from '../../../tools/build.ts';

const run = promisify(execFile);
const source = fileURLToPath(
  new URL('../../../src/dashboard/server/page-files.ts', import.meta.url),
);

test('the bundle holds every file of the dashboard page, and reads none', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-page-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const entry = join(directory, 'entry.ts');
  const lines = [
    `import { pageFiles } from '${source}';`,
    'console.log(JSON.stringify(pageFiles()));',
  ];
  await writeFile(entry, lines.join('\n'));
  const outfile = join(directory, 'out', 'bundle.mjs');
  const { externals } = await bundle(entry, outfile);
  assert.deepEqual(
    externals.filter((name) => name.includes('fs')),
    [],
  );
  const { stdout, stderr } = await run(process.execPath, [outfile], { cwd: directory });
  assert.equal(stderr, '');
  const held = JSON.parse(stdout) as Record<string, string>;
  const files = pageFiles();
  assert.deepEqual(Object.keys(held).sort(), Object.keys(files).sort());
  const imports = (text: string): string[] =>
    [...text.matchAll(/from\s*["'](\.\/[^"']+)["']/g)].map(([, path = '']) => path).sort();
  for (const [name, text] of Object.entries(files)) {
    if (!name.endsWith('.ts')) {
      assert.ok((held[name] ?? '').length > 0, name);
      continue;
    }
    assert.deepEqual(imports(held[name] ?? ''), imports(text), name);
    for (const path of imports(text)) assert.ok(path.slice(2) in files, `${name}: ${path}`);
    assert.doesNotMatch(held[name] ?? '', /innerHTML|document\.write|eval\(/, name);
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeResultFolder, writeResults } from '#cli/runs/result-folder.ts';

describe('the folder of results', () => {
  it('is made, written to, and refused where that is not possible', (t) => {
    const root = mkdtempSync(join(tmpdir(), 'perihelion-out-'));
    t.after(() => rmSync(root, { recursive: true, force: true }));
    const folder = join(root, 'a', 'b');
    makeResultFolder(folder);
    assert.equal(readFileSync(writeResults(folder, '{}\n'), 'utf8'), '{}\n');

    const file = join(root, 'file');
    writeFileSync(file, '');
    const inFile = { code: 'PERI_SETTINGS_INVALID', field: '--out' };
    assert.throws(() => makeResultFolder(file), inFile);
    rmSync(folder, { recursive: true });
    assert.throws(() => writeResults(folder, ''), {
      ...inFile,
      message: `--out: found ${JSON.stringify(folder)}, expected a folder to write to (ENOENT)`,
    });
  });
});

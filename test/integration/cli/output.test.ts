// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
/** A device that never has room: Linux has it. */
const FULL = '/dev/full';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-output-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A log whose readable form is more than any pipe holds. */
async function longLog(t: TestContext): Promise<string> {
  const file = join(await folderOf(t), 'audit.jsonl');
  await writeFile(file, `${'x'.repeat(999)}\n`.repeat(4000));
  return file;
}

describe('the program and its output', () => {
  it('ends without a word when its reader has seen enough', async (t) => {
    const args = [MAIN, 'audit', 'tail', await longLog(t), '--lines', '4000'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const stderr = text(child.stderr);
    child.stdout.once('data', () => child.stdout.destroy());
    assert.deepEqual(await once(child, 'close'), [141, null]);
    assert.equal(await stderr, '');
  });

  it('says in one line that there is no room', { skip: !existsSync(FULL) }, async () => {
    const stdio = ['ignore', openSync(FULL, 'w'), 'pipe'] as const;
    const child = spawn(process.execPath, [MAIN, 'help'], { stdio: [...stdio] });
    assert.ok(child.stderr);
    const stderr = text(child.stderr);
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.equal(await stderr, 'perihelion: PERI_OUTPUT_UNWRITABLE: standard output: ENOSPC\n');
  });

  const inPod = existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');
  it('says that no cluster is named, where none is', { skip: inPod }, async (t) => {
    const env = { PATH: process.env['PATH'], HOME: await folderOf(t) };
    const child = spawn(process.execPath, [MAIN, 'report'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    assert.deepEqual(await once(child, 'close'), [2, null]);
    assert.equal(await stdout, '');
    assert.match(
      await stderr,
      /^perihelion: PERI_SETTINGS_INVALID: --kubeconfig: found nothing, expected a kubeconfig: [^\n]+\n$/,
    );
  });
});

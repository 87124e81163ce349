// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { follow } from '#cli/audit/follow.ts';

describe('follow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-follow-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('gives what is appended, whole lines only, and goes on after a rotation', async () => {
    const path = join(folder, 'audit.jsonl');
    writeFileSync(path, 'old\n');
    const ended = new AbortController();
    const lines = follow(path, { from: 4, signal: ended.signal, pollMilliseconds: 2 });
    const next = async (): Promise<unknown> => (await lines.next()).value;
    appendFileSync(path, 'one\ntw');
    assert.equal(await next(), 'one');
    appendFileSync(path, 'o\n');
    assert.equal(await next(), 'two');
    appendFileSync(path, 'last of the old file\n');
    renameSync(path, `${path}.1`);
    assert.equal(await next(), 'last of the old file');
    const waiting = next();
    writeFileSync(path, 'first of the new file\n');
    assert.equal(await waiting, 'first of the new file');
    // Cut to nothing in place, as with no rotated files kept.
    writeFileSync(path, '');
    const again = next();
    setTimeout(() => appendFileSync(path, 'again\n'), 20);
    assert.equal(await again, 'again');
    const end = lines.next();
    ended.abort();
    assert.equal((await end).done, true);
  });
});

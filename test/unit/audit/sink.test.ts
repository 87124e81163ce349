// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { decodeEntry } from '#audit/decode.ts';
import type { AuditEntry } from '#audit/entry.ts';
import { openAuditLog, type AuditLogOptions } from '#audit/open.ts';
import { logFiles, readLog } from '#audit/read.ts';
import type { AuditSink } from '#audit/sink.ts';
import { verifyLines } from '#audit/verify.ts';
import { admission } from './entries.ts';
import { until } from '../../support/until.ts';

const PLENTY = 20_000;

interface Bench {
  readonly directory: string;
  readonly path: string;
  readonly open: (options?: Partial<AuditLogOptions>) => AuditSink;
}

async function bench(context: TestContext): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'perihelion-audit-'));
  const sinks: AuditSink[] = [];
  context.after(async () => {
    await Promise.all(sinks.map((sink) => sink.close()));
    await rm(directory, { recursive: true, force: true });
  });
  const path = join(directory, 'log', 'audit.log');
  return {
    directory,
    path,
    open(options = {}) {
      const sink = openAuditLog({
        path,
        source: 'replica-a',
        now: () => 0,
        retryMilliseconds: 5,
        closeTimeoutMilliseconds: 500,
        ...options,
      });
      sinks.push(sink);
      return sink;
    },
  };
}

async function lines(path: string): Promise<string[]> {
  const all: string[] = [];
  for await (const line of readLog(path)) all.push(line);
  return all;
}

function names(all: readonly string[]): (string | undefined)[] {
  return all
    .map((line): AuditEntry => decodeEntry(line))
    .flatMap((entry) => (entry.kind === 'admission' ? [entry.name] : []));
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `pod-${from + index}`);
}

function writeAll(sink: AuditSink, all: readonly string[]): void {
  for (const name of all) sink.write(admission({ name }));
}

test('entries become lines in order, chained, in a file only the owner can read', async (t) => {
  const { path, open } = await bench(t);
  const sink = open();
  writeAll(sink, numbered(1, 700));
  assert.equal(sink.stats.queued, 700);
  await sink.flush(PLENTY);
  assert.equal(sink.stats.queued, 0);
  assert.equal(sink.stats.queuedBytes, 0);
  assert.equal(sink.stats.written, 700);
  const all = await lines(path);
  assert.deepEqual(names(all), numbered(1, 700));
  const verification = verifyLines(all);
  assert.deepEqual(verification.problems, []);
  assert.deepEqual(verification.heads.get('replica-a'), sink.stats.head);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a file that others could read is closed to them', async (t) => {
  const { path, open } = await bench(t);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, '');
  await chmod(path, 0o644);
  const sink = open();
  writeAll(sink, ['a']);
  await sink.flush(PLENTY);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('flush waits for what was written before it and nothing else', async (t) => {
  const { path, open } = await bench(t);
  const sink = open();
  await sink.flush(PLENTY);
  writeAll(sink, ['a']);
  const first = sink.flush(PLENTY);
  await first;
  assert.deepEqual(names(await lines(path)), ['a']);
});

test('the queue is bounded in entries, and the log tells what was dropped', async (t) => {
  const { path, open } = await bench(t);
  const sink = open({ queueEntries: 3 });
  writeAll(sink, numbered(1, 5));
  assert.equal(sink.stats.dropped['queue-full'], 2);
  await sink.flush(PLENTY);
  writeAll(sink, ['pod-6']);
  await sink.flush(PLENTY);
  const all = await lines(path);
  assert.deepEqual(names(all), ['pod-1', 'pod-2', 'pod-3', 'pod-6']);
  const notices = all.map(decodeEntry).filter((entry) => entry.kind === 'drop');
  assert.deepEqual(
    notices.map(({ dropped }) => dropped),
    [{ 'queue-full': 2 }],
  );
  assert.equal(verifyLines(all).ok, true);
  assert.equal(sink.stats.written, 4);
});

test('the queue is bounded in bytes, and one entry in its size', async (t) => {
  const { path, open } = await bench(t);
  const sink = open({ queueBytes: 3000, maxEntryBytes: 2000 });
  sink.write(admission({ name: 'x'.repeat(2500) }));
  assert.equal(sink.stats.dropped['too-large'], 1);
  writeAll(sink, numbered(1, 20));
  const { dropped } = sink.stats;
  assert.ok(dropped['queue-bytes'] > 0);
  assert.ok(sink.stats.queuedBytes <= 3000);
  await sink.flush(PLENTY);
  assert.equal(sink.stats.written + dropped['queue-bytes'], 20);
  assert.equal(verifyLines(await lines(path)).ok, true);
});

test('an entry that cannot be encoded is counted and told, nothing throws', async (t) => {
  const { path, open } = await bench(t);
  const sink = open();
  sink.write(admission({ durationSeconds: Number.NaN }));
  sink.write(admission({ patch: [{ op: 'add', path: '/spec/containers', value: [] }] }));
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  sink.write(admission({ patch: [{ op: 'add', path: '/spec/affinity', value: loop }] }));
  assert.equal(sink.stats.dropped.marshal, 3);
  await sink.flush(PLENTY);
  assert.deepEqual((await lines(path)).map(decodeEntry), [
    { kind: 'drop', time: '1970-01-01T00:00:00.000Z', dropped: { marshal: 3 } },
  ]);
});

test('files rotate by size, the oldest goes, the chain runs through', async (t) => {
  const { path, open } = await bench(t);
  const sink = open({ maxFileBytes: 8000, keepFiles: 2, batchEntries: 2 });
  writeAll(sink, numbered(1, 60));
  await sink.flush(PLENTY);
  assert.ok(sink.stats.rotations >= 3);
  const files = await logFiles(path);
  assert.deepEqual(files, [`${path}.2`, `${path}.1`, path]);
  for (const file of files) {
    const { size, mode } = await stat(file);
    assert.ok(size <= 8000, `${file} has ${size} bytes`);
    assert.equal(mode & 0o777, 0o600);
  }
  const all = await lines(path);
  assert.equal(verifyLines(all).ok, true);
  assert.deepEqual(names(all), numbered(61 - all.length, 60));
});

test('with no file to keep, rotation starts the file over', async (t) => {
  const { directory, path, open } = await bench(t);
  const sink = open({ maxFileBytes: 4000, keepFiles: 0, batchEntries: 1 });
  writeAll(sink, numbered(1, 30));
  await sink.flush(PLENTY);
  assert.deepEqual(await readdir(join(directory, 'log')), ['audit.log']);
  assert.ok((await stat(path)).size <= 4000);
  assert.equal(verifyLines(await lines(path)).ok, true);
});

test('a restart continues the chain', async (t) => {
  const { path, open } = await bench(t);
  for (const round of [0, 1, 2]) {
    const sink = open();
    writeAll(sink, numbered(round * 10 + 1, round * 10 + 10));
    await sink.close();
  }
  const all = await lines(path);
  assert.deepEqual(names(all), numbered(1, 30));
  assert.equal(verifyLines(all).ok, true);
});

test('a restart right after a rotation continues from the rotated file', async (t) => {
  const { path, open } = await bench(t);
  const first = open();
  writeAll(first, numbered(1, 3));
  await first.close();
  await rename(path, `${path}.1`);
  const second = open();
  writeAll(second, ['pod-4']);
  await second.close();
  const all = await lines(path);
  assert.deepEqual(names(all), numbered(1, 4));
  assert.equal(verifyLines(all).ok, true);
});

test('half a line left by a crash is cut off and the chain continues', async (t) => {
  const { path, open } = await bench(t);
  const first = open();
  writeAll(first, numbered(1, 3));
  await first.close();
  const { size } = await stat(path);
  await truncate(path, size - 40);
  const second = open();
  writeAll(second, ['after']);
  await second.close();
  const all = await lines(path);
  assert.deepEqual(names(all), ['pod-1', 'pod-2', 'after']);
  assert.equal(verifyLines(all).ok, true);
});

test('a restart finds its chain behind foreign lines longer than any buffer', async (t) => {
  const { path, open } = await bench(t);
  const first = open();
  writeAll(first, ['pod-1']);
  await first.close();
  await appendFile(path, `${'x'.repeat(300_000)}\n`);
  const second = open();
  writeAll(second, ['pod-2']);
  await second.close();
  const found = verifyLines(await lines(path));
  assert.deepEqual(
    found.problems.map(({ kind, line }) => [kind, line]),
    [['malformed', 2]],
  );
  assert.equal(found.heads.get('replica-a')?.seq, 2);
});

test('a full disk loses nothing that fits the queue and heals by itself', async (t) => {
  const { directory, path, open } = await bench(t);
  await mkdir(join(directory, 'log'));
  await symlink('/dev/full', path);
  const sink = open({ queueEntries: 10 });
  writeAll(sink, numbered(1, 12));
  await until(() => sink.stats.writeErrors >= 2);
  assert.match(sink.stats.lastError ?? '', /ENOSPC/);
  assert.equal(sink.stats.written, 0);
  assert.equal(sink.stats.queued, 10);
  await rm(path);
  await sink.flush(PLENTY);
  const all = await lines(path);
  assert.deepEqual(names(all), numbered(1, 10));
  assert.equal(verifyLines(all).ok, true);
  assert.equal(sink.stats.lastError, undefined);
  assert.equal(sink.stats.dropped['queue-full'], 2);
});

test('a directory that turns into something else is survived and healed', async (t) => {
  const { directory, path, open } = await bench(t);
  const sink = open();
  writeAll(sink, ['pod-1']);
  await sink.flush(PLENTY);
  const folder = join(directory, 'log');
  await rename(folder, join(directory, 'moved'));
  await writeFile(folder, 'not a directory');
  writeAll(sink, ['pod-2']);
  await until(() => sink.stats.writeErrors >= 1);
  assert.match(sink.stats.lastError ?? '', /ENOTDIR|EEXIST/);
  await rm(folder);
  await sink.flush(PLENTY);
  const before = await lines(join(directory, 'moved', 'audit.log'));
  const after = await lines(path);
  assert.deepEqual(names([...before, ...after]), ['pod-1', 'pod-2']);
  assert.equal(verifyLines([...before, ...after]).ok, true);
});

test('a file removed or moved away by someone else is made anew', async (t) => {
  const { directory, path, open } = await bench(t);
  const sink = open();
  writeAll(sink, ['pod-1']);
  await sink.flush(PLENTY);
  await rm(join(directory, 'log'), { recursive: true });
  writeAll(sink, ['pod-2']);
  await sink.flush(PLENTY);
  assert.deepEqual(names(await lines(path)), ['pod-2']);
  assert.equal(sink.stats.head.seq, 2);
});

test('a file that someone else cut to nothing rotates by what is in it, and is repaired as before', async (t) => {
  const { path, open } = await bench(t);
  const sink = open({ maxFileBytes: 8000, keepFiles: 2, batchEntries: 1 });
  writeAll(sink, numbered(1, 3));
  await sink.flush(PLENTY);
  // As logrotate does with `copytruncate`.
  await truncate(path, 0);
  writeAll(sink, ['pod-4']);
  await sink.flush(PLENTY);
  assert.deepEqual(names(await lines(path)), ['pod-4']);
  // What an append leaves behind that fails in the middle.
  await appendFile(path, '{"format":1,"sou');
  writeAll(sink, ['pod-5', 'pod-6']);
  await sink.flush(PLENTY);
  const all = await lines(path);
  assert.deepEqual(names(all), numbered(4, 6));
  assert.equal(verifyLines(all).ok, true);
  assert.equal(sink.stats.rotations, 0);
});

test('flush and close end in time while the disk fails; the rest is counted', async (t) => {
  const { directory, path, open } = await bench(t);
  await mkdir(join(directory, 'log'));
  await symlink('/dev/full', path);
  const sink = open({ closeTimeoutMilliseconds: 20 });
  writeAll(sink, numbered(1, 4));
  await sink.flush(20);
  assert.equal(sink.stats.queued, 4);
  await Promise.all([sink.close(), sink.close()]);
  assert.equal(sink.stats.queued, 0);
  assert.equal(sink.stats.dropped['write-error'], 4);
  sink.write(admission());
  assert.equal(sink.stats.dropped.closed, 1);
  await sink.flush(PLENTY);
  assert.equal(sink.stats.written, 0);
});

test('close writes the rest first', async (t) => {
  const { path, open } = await bench(t);
  const sink = open();
  writeAll(sink, numbered(1, 5));
  await sink.close();
  assert.deepEqual(names(await lines(path)), numbered(1, 5));
  assert.equal(sink.stats.dropped['write-error'], 0);
});

test('a path of - writes to the stream and leaves it open', async (t) => {
  const { open } = await bench(t);
  const stream = new PassThrough();
  const sink = open({ path: '-', stream });
  writeAll(sink, numbered(1, 3));
  await sink.close();
  assert.equal(stream.writableEnded, false);
  const text = String(stream.read());
  const all = text.trimEnd().split('\n');
  assert.deepEqual(names(all), numbered(1, 3));
  assert.equal(verifyLines(all).ok, true);
});

test('a reader that goes away does not end the process', async (t) => {
  const { open } = await bench(t);
  const stream = new Writable({
    write(_chunk, _encoding, callback) {
      callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const sink = open({ path: '-', stream, closeTimeoutMilliseconds: 20 });
  writeAll(sink, ['a']);
  await until(() => sink.stats.writeErrors >= 1);
  assert.equal(stream.destroyed, true);
  await sink.close();
  assert.equal(sink.stats.dropped['write-error'], 1);
});

test('a stream that never answers holds up neither writers nor close', async (t) => {
  const { open } = await bench(t);
  const stream = new Writable({ highWaterMark: 1, write: () => undefined });
  const sink = open({ path: '-', stream, closeTimeoutMilliseconds: 20, queueEntries: 5 });
  writeAll(sink, numbered(1, 2));
  await sink.flush(10);
  writeAll(sink, numbered(3, 9));
  assert.equal(sink.stats.dropped['queue-full'], 4);
  await sink.close();
  assert.equal(sink.stats.dropped['write-error'], 5);
});

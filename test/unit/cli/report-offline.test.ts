// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openAuditLog } from '#audit/open.ts';
import { runCommandLine } from '#cli/program/command-line.ts';
import { recorded } from './terminal.ts';

/** A log as the learner writes it, of Pods of two namespaces. */
async function logOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-report-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');
  const log = openAuditLog({
    path,
    source: 'test',
    now: () => 0,
    maxFileBytes: 4096,
    keepFiles: 9,
  });
  for (let index = 0; index < 20; index += 1) {
    const measured = (value: number) => ({
      ...{ kind: 'measured' as const, value, windowSeconds: 60, samples: 2 },
      ...{ ageSeconds: 0, quality: 'measured' },
    });
    log.write({
      ...{
        kind: 'settlement',
        time: new Date(index * 1000).toISOString(),
        decisionId: `d${index}`,
      },
      ...{ namespace: index < 15 ? 'shop' : 'other', pod: 'p', workload: 'Deployment/frontend' },
      ...{ asked: 'a', status: 'settled', reason: 'measured', costs: {}, cells: [] },
      ...{ modelVersion: 1, versions: { perihelion: '0' } },
      readings: { podJoules: measured(50), requests: measured(100), p99Milliseconds: measured(9) },
    });
  }
  await log.close();
  return path;
}

describe('perihelion report from an audit log', () => {
  it('says what it left out, and that nothing was settled', async (t) => {
    const path = await logOf(t);
    const whole = await readFile(path, 'utf8');
    await writeFile(path, `${whole}no line of ours\n${whole.slice(0, 100)}`);
    const terminal = recorded();
    assert.equal(await runCommandLine(['report', '--offline', '--audit', path], terminal), 0);
    assert.match(terminal.written.stderr, /: 2 lines left out, not of an audit log/);
    assert.doesNotMatch(terminal.written.stderr, /nothing was settled/);

    const other = join(dirname(path), 'other.jsonl');
    await writeFile(other, '\u001f\u008b\n');
    const empty = recorded();
    assert.equal(await runCommandLine(['report', '--offline', '--audit', other], empty), 0);
    assert.match(empty.written.stderr, /: 1 line left out.*\n.*: nothing was settled in it/);
  });

  it('names the flag of a log that is not there', async () => {
    const terminal = recorded();
    const args = ['report', '--offline', '--audit', '/nowhere/audit.jsonl'];
    assert.equal(await runCommandLine(args, terminal), 2);
    assert.match(terminal.written.stderr, /: --audit: found "\/nowhere\/audit\.jsonl", expected /);
  });

  it('reads all files of the log, without a cluster', async (t) => {
    const terminal = recorded();
    const args = ['report', '--offline', '--audit', await logOf(t), '-n', 'shop', '-o', 'json'];
    assert.equal(await runCommandLine(args, terminal), 0);
    const { courses, namespaces } = JSON.parse(terminal.written.stdout) as {
      courses: {
        namespace: string;
        slices: { placed: { pods: number; joulesPerRequest: number } }[];
      }[];
      namespaces: unknown[];
    };
    assert.deepEqual(namespaces, []);
    assert.deepEqual(
      courses.map(({ namespace }) => namespace),
      ['shop'],
    );
    const [{ slices } = { slices: [] }] = courses;
    assert.equal(
      slices.reduce((sum, { placed }) => sum + placed.pods, 0),
      15,
    );
    assert.ok(slices.every(({ placed }) => placed.joulesPerRequest === 0.5));
  });

  it('draws it on the page, which loads nothing', async (t) => {
    const terminal = recorded();
    const args = ['report', '--offline', '--audit', await logOf(t), '--output', 'html'];
    assert.equal(await runCommandLine(args, terminal), 0);
    const page = terminal.written.stdout;
    assert.match(page, /<path class="placed" d="M/);
    assert.doesNotMatch(page, /<script|src=|href="http|url\(/);
  });

  it('wants the log it is to be made from', async () => {
    const terminal = recorded();
    assert.equal(await runCommandLine(['report', '--offline'], terminal), 2);
    assert.match(terminal.written.stderr, /--audit: found nothing, expected an audit log/);
    const missing = ['report', '--offline', '--audit', '/nowhere/audit.jsonl'];
    assert.equal(await runCommandLine(missing, recorded()), 2);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS, programOf, runCommandLine } from '#cli/program/command-line.ts';
import { type Command, isGroup } from '#cli/command/command.ts';
import { recorded } from '../terminal.ts';

const ALL: readonly (readonly [string[], Command])[] = COMMANDS.flatMap((entry) =>
  isGroup(entry)
    ? entry.commands.map((command): [string[], Command] => [[entry.name, command.name], command])
    : [[[entry.name], entry] as [string[], Command]],
);

async function run(...args: string[]) {
  const terminal = recorded();
  const code = await runCommandLine(args, terminal);
  return { code, ...terminal.written };
}

describe('the command line', () => {
  it('lists every command and every group', async () => {
    for (const args of [[], ['help'], ['--help'], ['-h']]) {
      const { code, stdout } = await run(...args);
      assert.equal(code, 0);
      for (const { name, summary } of COMMANDS) {
        assert.match(stdout, new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, 'm'));
      }
    }
    const group = await run('audit');
    assert.match(group.stdout, /^Usage: perihelion audit COMMAND \[flags\]$/m);
    assert.match(group.stdout, /^ {2}replay /m);
  });

  for (const [path, command] of ALL) {
    it(`has a help page with examples for ${path.join(' ')}`, async () => {
      const { code, stdout } = await run(...path, '--help');
      assert.equal(code, 0);
      assert.deepEqual(await run('help', ...path), { code, stdout, stderr: '' });
      assert.ok(stdout.startsWith(`${command.summary}\n`));
      assert.ok(command.examples.length > 0);
      for (const example of command.examples) {
        assert.ok(stdout.includes(example));
        assert.ok(example.includes(`perihelion ${path.join(' ')}`), example);
      }
      for (const [name, { internal }] of Object.entries(command.flags)) {
        assert.equal(stdout.includes(`--${name}`), internal !== true, name);
      }
    });

    it(`refuses an unknown flag of ${path.join(' ')} in one line`, async () => {
      const { code, stdout, stderr } = await run(...path, '--no-such-flag');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(
        stderr,
        /^perihelion: PERI_SETTINGS_INVALID: perihelion [^\n]+--no-such-flag[^\n]+\n$/,
      );
    });
  }

  it('says what it knows when a command is unknown', async () => {
    const { code, stderr } = await run('explian');
    assert.equal(code, 2);
    assert.match(stderr, /command: found "explian", expected one of serve, .*help, version\n$/);
    assert.match(
      (await run('audit', 'x')).stderr,
      /perihelion audit: found "x", expected one of verify, tail, replay\n$/,
    );
    assert.match((await run('help', 'x')).stderr, /found "x"/);
  });

  it('has help pages that fit into 80 columns, and say where more is', async () => {
    const [all, simulate] = [await run('help'), await run('simulate', '--help')];
    for (const line of all.stdout.split('\n')) assert.ok(line.length <= 80, line);
    assert.match(all.stdout, /^`perihelion COMMAND --help` shows the flags/m);
    const flags = simulate.stdout.slice(0, simulate.stdout.indexOf('Examples:')).split('\n');
    for (const line of flags.slice(1)) assert.ok(line.length <= 80, line);
    assert.match(simulate.stdout, /^ {24}template:NAME \(default all\)\.$/m);
  });

  it('names the flag that has no value, or a value below its bounds', async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(...args);
      assert.deepEqual([code, stdout, stderr.split('\n').length], [2, '', 2], stderr);
      return stderr.replace('perihelion: PERI_SETTINGS_INVALID: ', '');
    };
    const nothing = '--spec: found nothing, expected FILE\n';
    assert.equal(await refused('simulate', '--spec'), nothing);
    assert.equal(await refused('simulate', '--spec', '--seeds', '3'), nothing);
    const lines = '--lines: found "-1", expected a whole number from 0 to 1000000\n';
    assert.equal(await refused('audit', 'tail', 'x', '--lines', '-1'), lines);
    assert.match(await refused('audit', 'tail', 'x', '--line', '1'), /did you mean --lines\?\n$/);
    assert.match(await refused('demo', '--ui=3'), /found "Option '--ui' does not take an arg/);
    assert.match(await refused('audit', 'tail', '--', '--lines', '-1'), /found "--lines -1"/);
  });

  it('refuses words that nobody would read', async () => {
    for (const args of [
      ['version', 'x'],
      ['help', 'doctor', 'x'],
      ['help', 'audit', 'tail', 'x'],
    ]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^perihelion: PERI_SETTINGS_INVALID: perihelion (version|help): found "x"/,
      );
    }
  });

  it('refuses operands where there are none', async () => {
    const { code, stderr } = await run('doctor', 'now');
    assert.equal(code, 2);
    assert.match(stderr, /perihelion doctor: found "now", expected flags only/);
  });

  it('calls itself as it was called', async () => {
    assert.equal(programOf('/usr/local/bin/kubectl-perihelion'), 'kubectl perihelion');
    assert.equal(programOf('/usr/local/bin/perihelion'), 'perihelion');
    assert.equal(programOf('/app/dist/perihelion.mjs'), 'perihelion');
    assert.equal(programOf(undefined), 'perihelion');
    const terminal = recorded();
    await runCommandLine(['explain', '--help'], terminal, 'kubectl perihelion');
    assert.match(terminal.written.stdout, /^Usage: kubectl perihelion explain NAMESPACE\/POD/m);
    assert.match(terminal.written.stdout, /^ {2}kubectl perihelion explain shop\//m);
    assert.match(terminal.written.stdout, /^ {2}-n, --namespace NAME /m);
    assert.match(terminal.written.stdout, /^ {2}--context NAME /m);
  });
});

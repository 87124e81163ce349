// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS, programOf, runCommandLine } from '#cli/command-line.ts';
import { type Command, isGroup } from '#cli/command.ts';
import { recorded } from './terminal.ts';

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
      for (const name of Object.keys(command.flags)) assert.ok(stdout.includes(`--${name}`));
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

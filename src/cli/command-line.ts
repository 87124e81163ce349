// SPDX-License-Identifier: Apache-2.0
import { InputError, PerihelionError } from '#errors';
import { parseArgs } from 'node:util';
import { type Command, helpOf, parseArgsOptions, type Terminal } from './command.ts';
import { demoCommand } from './demo/command.ts';
import { serveCommand } from './serve/command.ts';
import { VERSION } from './version.ts';

const COMMANDS: readonly Command[] = [serveCommand, demoCommand];

/**
 * Runs one command line.
 *
 * @param args arguments after the program's name
 * @returns exit code: 0 done, 1 failed, 2 bad input
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    return help(rest[0], terminal);
  }
  if (name === 'version' || name === '--version') {
    terminal.stdout.write(`perihelion ${VERSION}\n`);
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) return fail(terminal, unknownCommand(name));
  try {
    const { values } = parse(command, rest);
    if (values['help'] === true) {
      terminal.stdout.write(helpOf(command));
      return 0;
    }
    return await command.run(values, terminal);
  } catch (error) {
    if (error instanceof PerihelionError) return fail(terminal, error);
    throw error;
  }
}

function parse(command: Command, args: string[]): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args, options: parseArgsOptions(command), strict: true });
  } catch (error) {
    // node:util explains the fault in the first sentence; the rest is advice about `--`.
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw new InputError(
      'PERI_SETTINGS_INVALID',
      `perihelion ${command.name}`,
      message,
      `flags as \`perihelion ${command.name} --help\` lists them`,
    );
  }
}

function help(topic: string | undefined, terminal: Terminal): number {
  if (topic !== undefined) {
    const command = COMMANDS.find((candidate) => candidate.name === topic);
    if (command === undefined) return fail(terminal, unknownCommand(topic));
    terminal.stdout.write(helpOf(command));
    return 0;
  }
  const width = Math.max(...COMMANDS.map((command) => command.name.length), 'version'.length);
  terminal.stdout.write(
    [
      'Perihelion learns where each Pod should prefer to run, from measured power and latency.',
      '',
      'Usage: perihelion COMMAND [flags]',
      '',
      'Commands:',
      ...COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
      `  ${'version'.padEnd(width)}  Show the version.`,
      `  ${'help'.padEnd(width)}  Show this page, or that of a command.`,
      '',
    ].join('\n'),
  );
  return 0;
}

function unknownCommand(name: string): InputError {
  const known = COMMANDS.map((command) => command.name).join(', ');
  return new InputError('PERI_SETTINGS_INVALID', 'command', name, `one of ${known}, help, version`);
}

function fail(terminal: Terminal, error: PerihelionError): number {
  terminal.stderr.write(`perihelion: ${error.code}: ${error.message}\n`);
  return error instanceof InputError || error.code === 'PERI_SETTINGS_UNREADABLE' ? 2 : 1;
}

// SPDX-License-Identifier: Apache-2.0
import { InputError, PerihelionError } from '#errors';
import { basename } from 'node:path';
import { argumentsOf } from '#cli/command/arguments.ts';
import { auditCommands } from '#cli/audit/commands.ts';
import {
  type Command,
  type CommandGroup,
  helpOf,
  isGroup,
  listOf,
  type Terminal,
} from '#cli/command/command.ts';
import { completionCommand } from '#cli/completion/command.ts';
import { demoCommand } from '#cli/demo/command.ts';
import { doctorCommand } from '#cli/doctor/command.ts';
import { explainCommand } from '#cli/explain/command.ts';
import { policyCommands } from '#cli/policy/commands.ts';
import { recommendCommand } from '#cli/recommend/command.ts';
import { reportCommand } from '#cli/report/command.ts';
import { serveCommand } from '#cli/serve/command.ts';
import { simulateCommand } from '#cli/simulate/command.ts';
import { VERSION } from '#cli/command/version.ts';

/** Every command, in the order of the help page. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  serveCommand,
  demoCommand,
  simulateCommand,
  explainCommand,
  reportCommand,
  recommendCommand,
  doctorCommand,
  auditCommands,
  policyCommands,
  completionCommand(() => COMMANDS),
];

const TITLE =
  'Perihelion learns where each Pod should prefer to run,\nfrom measured power and latency.';

/** What the program calls itself: `kubectl perihelion` as a plugin of kubectl, else `perihelion`. */
export function programOf(executable: string | undefined): string {
  const name = basename(executable ?? '').replace(/\.(mjs|exe)$/, '');
  return name === 'kubectl-perihelion' ? 'kubectl perihelion' : 'perihelion';
}

/**
 * Runs one command line.
 *
 * @param args arguments after the program's name
 * @param program as {@link programOf} gives it; stands in help pages
 * @returns exit code: 0 done, 1 failed, 2 bad input
 */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  program = 'perihelion',
): Promise<number> {
  try {
    return await dispatch(args, terminal, program);
  } catch (error) {
    if (error instanceof PerihelionError) return fail(terminal, error);
    throw error;
  }
}

async function dispatch(
  args: readonly string[],
  terminal: Terminal,
  program: string,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || isHelp(name)) return help(rest, terminal, program);
  if (name === 'version' || name === '--version') {
    refuseMore(`${program} version`, rest);
    terminal.stdout.write(`perihelion ${VERSION}\n`);
    return 0;
  }
  const entry = find(COMMANDS, [name], program);
  if (!isGroup(entry)) return runCommand(entry, `${program} ${name}`, rest, terminal);
  const [part, ...others] = rest;
  if (part === undefined || isHelp(part)) return help([name], terminal, program);
  const command = find(entry.commands, [name, part], program) as Command;
  return runCommand(command, `${program} ${name} ${part}`, others, terminal);
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

async function runCommand(
  command: Command,
  invocation: string,
  args: string[],
  terminal: Terminal,
): Promise<number> {
  const { values, positionals } = argumentsOf(command, invocation, args);
  if (values['help'] === true) {
    terminal.stdout.write(helpOf(command, invocation));
    return 0;
  }
  const { usage, minimum, maximum } = command.operands ?? { usage: '', minimum: 0, maximum: 0 };
  if (positionals.length < minimum || positionals.length > maximum) {
    const found = positionals.length === 0 ? undefined : positionals.join(' ');
    const expected = usage === '' ? 'flags only' : usage;
    throw new InputError('PERI_SETTINGS_INVALID', invocation, found, expected);
  }
  return command.run(values, terminal, positionals);
}

/** @throws InputError when there are words that nobody would read */
function refuseMore(field: string, words: readonly string[]): void {
  if (words.length === 0) return;
  throw new InputError('PERI_SETTINGS_INVALID', field, words.join(' '), 'nothing more');
}

function help(topic: readonly string[], terminal: Terminal, program: string): number {
  const [name, part] = topic;
  if (name === undefined) {
    const entries = [
      ...COMMANDS,
      { name: 'version', summary: 'Show the version.' },
      { name: 'help', summary: 'Show this page, or that of a command.' },
    ];
    terminal.stdout.write(listOf(TITLE, `${program} COMMAND [flags]`, entries));
    return 0;
  }
  const entry = find(COMMANDS, [name], program);
  refuseMore(`${program} help`, topic.slice(isGroup(entry) ? 2 : 1));
  if (!isGroup(entry)) terminal.stdout.write(helpOf(entry, `${program} ${name}`));
  else if (part === undefined) {
    const usage = `${program} ${name} COMMAND [flags]`;
    terminal.stdout.write(listOf(entry.summary, usage, entry.commands));
  } else {
    const command = find(entry.commands, [name, part], program) as Command;
    terminal.stdout.write(helpOf(command, `${program} ${name} ${part}`));
  }
  return 0;
}

/** @throws InputError when there is no such command, naming those that there are */
function find(
  entries: readonly (Command | CommandGroup)[],
  path: readonly string[],
  program: string,
): Command | CommandGroup {
  const name = path.at(-1);
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const known = entries.map((candidate) => candidate.name).join(', ');
  const more = path.length === 1 ? ', help, version' : '';
  const field = path.length === 1 ? 'command' : `${program} ${path[0] ?? ''}`;
  throw new InputError('PERI_SETTINGS_INVALID', field, name, `one of ${known}${more}`);
}

function fail(terminal: Terminal, error: PerihelionError): number {
  terminal.stderr.write(`perihelion: ${error.code}: ${error.message}\n`);
  return error instanceof InputError || error.code === 'PERI_SETTINGS_UNREADABLE' ? 2 : 1;
}

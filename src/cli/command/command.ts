// SPDX-License-Identifier: Apache-2.0
import type { ParseArgsConfig } from 'node:util';

/** The streams and environment a command may use; tests pass their own. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** What `-` reads as a file; undefined = there is none. */
  readonly stdin?: NodeJS.ReadableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** One letter, for example `n` for `-n`. */
  readonly short?: string;
  /** Words that the shell may offer; undefined = anything. */
  readonly choices?: readonly string[];
  /** What stands after the flag in the help, for example `FILE`. */
  readonly placeholder?: string;
  /** For the product's own processes: neither help nor completion shows it. */
  readonly internal?: true;
  readonly help: string;
}

/** Values of a command's flags as `node:util` parsed them. */
export type FlagValues = Readonly<
  Record<string, string | boolean | (string | boolean)[] | undefined>
>;

/** What a command takes beside its flags. */
export interface Operands {
  /** As in the usage line, for example `FILE...`. */
  readonly usage: string;
  readonly minimum: number;
  readonly maximum: number;
  /** Words that the shell may offer; undefined = files where `usage` says FILE. */
  readonly choices?: readonly string[];
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: readonly string[];
  /** Undefined = flags only. */
  readonly operands?: Operands;
  /** Lines between the flags and the examples, for example what the exit codes mean. */
  readonly notes?: readonly string[];
  /** Returns the exit code: 0 done, 1 failed, 2 bad input. */
  run(flags: FlagValues, terminal: Terminal, operands: readonly string[]): Promise<number>;
}

/** Commands under one word, for example `audit verify`. */
export interface CommandGroup {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly commands: readonly Command[];
}

/** Whether an entry of the command table is a group. */
export function isGroup(entry: Command | CommandGroup): entry is CommandGroup {
  return 'commands' in entry;
}

/** The flags of a command in the form that `node:util` parses. */
export function parseArgsOptions(command: Command): NonNullable<ParseArgsConfig['options']> {
  const options: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, flag] of Object.entries(command.flags)) {
    options[name] = {
      type: flag.type,
      ...(flag.multiple === true ? { multiple: true } : {}),
      ...(flag.short === undefined ? {} : { short: flag.short }),
    };
  }
  return options;
}

/** How a program is called, the name of the command included: `perihelion audit verify`. */
export type Invocation = string;

/**
 * The help page of one command.
 *
 * @param invocation stands in the usage line and, for another program name, in the examples
 */
export function helpOf(command: Command, invocation: Invocation): string {
  const rows = [...flagRows(command), ['--help', 'Show this page.'] as const];
  const width = Math.max(...rows.map(([left]) => left.length));
  const operands = command.operands === undefined ? '' : ` ${command.operands.usage}`;
  const program = invocation.startsWith('kubectl ') ? 'kubectl perihelion' : 'perihelion';
  return [
    command.summary,
    '',
    `Usage: ${invocation}${operands} [flags]`,
    '',
    'Flags:',
    ...rows.flatMap(([left, right]) => rowLines(left, right, width)),
    ...(command.notes === undefined ? [] : ['', ...command.notes]),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example.replace(/^perihelion\b/, program)}`),
    '',
  ].join('\n');
}

/** Each flag that people use, as it is written, and what it does. */
export function flagRows(command: Command): (readonly [written: string, help: string])[] {
  const shown = Object.entries(command.flags).filter(([, { internal }]) => internal !== true);
  return shown.map(([name, flag]) => [
    `${flag.short === undefined ? '' : `-${flag.short}, `}--${name}` +
      (flag.placeholder === undefined ? '' : ` ${flag.placeholder}`),
    flag.help,
  ]);
}

/** The help page of a group, or of the whole program. */
export function listOf(
  title: string,
  usage: string,
  entries: readonly { readonly name: string; readonly summary: string }[],
): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  const rows = entries.flatMap(({ name, summary }) => rowLines(name, summary, width));
  const more = `\`${usage.replace(/ \[flags\]$/, ' --help')}\` shows the flags, with examples.`;
  return [title, '', `Usage: ${usage}`, '', 'Commands:', ...rows, '', more, ''].join('\n');
}

/** A help page can be read on the narrowest terminal in use. */
const COLUMNS = 80;

/** A row of two columns, the right one broken at spaces. */
function rowLines(left: string, right: string, width: number): string[] {
  const room = COLUMNS - width - 4;
  const lines: string[] = [];
  for (const word of right.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < room) {
      lines.splice(-1, 1, `${last} ${word}`);
    } else lines.push(word);
  }
  return lines.map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}  ${line}`);
}

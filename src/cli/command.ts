// SPDX-License-Identifier: Apache-2.0
import type { ParseArgsConfig } from 'node:util';

/** The streams and environment a command may use; tests pass their own. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** What stands after the flag in the help, for example `FILE`. */
  readonly placeholder?: string;
  readonly help: string;
}

/** Values of a command's flags as `node:util` parsed them. */
export type FlagValues = Readonly<
  Record<string, string | boolean | (string | boolean)[] | undefined>
>;

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: readonly string[];
  /** Returns the exit code: 0 done, 1 failed, 2 bad input. */
  run(flags: FlagValues, terminal: Terminal): Promise<number>;
}

/** The flags of a command in the form that `node:util` parses. */
export function parseArgsOptions(command: Command): NonNullable<ParseArgsConfig['options']> {
  const options: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, flag] of Object.entries(command.flags)) {
    options[name] = { type: flag.type, ...(flag.multiple === true ? { multiple: true } : {}) };
  }
  return options;
}

/** The help page of one command. */
export function helpOf(command: Command): string {
  const rows = Object.entries(command.flags).map(([name, flag]): [string, string] => [
    `--${name}${flag.placeholder === undefined ? '' : ` ${flag.placeholder}`}`,
    flag.help,
  ]);
  rows.push(['--help', 'Show this page.']);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    command.summary,
    '',
    `Usage: perihelion ${command.name} [flags]`,
    '',
    'Flags:',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}

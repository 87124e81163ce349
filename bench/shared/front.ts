// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { InputError, PerihelionError } from '#errors';

/**
 * What `read` makes of the command line and of the files that it names. A mistake there is one line
 * on stderr and exit code 2: a bench runs for minutes to hours, and must not begin with a number that
 * is none, nor end with a file that cannot be written.
 *
 * @param bench its name, which begins the line
 */
export function orExit<T>(bench: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    exitOn(bench, error);
  }
}

/** Ends the process as {@link orExit} does; throws what is not a mistake of whoever started it. */
export function exitOn(bench: string, error: unknown): never {
  const line = lineOf(error);
  if (line === undefined) throw error;
  process.stderr.write(`${bench}: ${line}\n`);
  process.exit(2);
}

/**
 * On SIGINT and SIGTERM the process ends through `process.exit`, with the shell's code for the signal:
 * left alone Node.js would end without its event `exit`, and leave what was started running.
 */
export function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/** The flags of this process; exit code 2 with one line where one is unknown or lacks its value. */
export function flagsOrExit<const T extends ParseArgsOptionsConfig>(bench: string, options: T) {
  return orExit(bench, () => parseArgs({ options, allowPositionals: false }).values);
}

/** Arguments by their names, without brackets; undefined = left out. */
export type Arguments = Readonly<Record<string, string | undefined>>;

/**
 * The arguments of this process, of a program that has no flags; exit code 2 with one line where one
 * is missing or too much.
 *
 * @param names in their order; those in brackets may be left out: `['BEFORE', 'AFTER', '[rounds]']`
 */
export function argumentsOrExit(bench: string, names: readonly string[]): Arguments {
  return orExit(bench, () => {
    const { positionals } = parseArgs({ options: {}, allowPositionals: true });
    const missing = names[positionals.length];
    const usage = `${bench} ${names.join(' ')}`;
    if (missing !== undefined && !missing.startsWith('[')) {
      throw new InputError('PERI_SETTINGS_INVALID', missing, undefined, usage);
    }
    if (positionals.length > names.length) {
      const found = positionals[names.length];
      throw new InputError('PERI_SETTINGS_INVALID', 'one argument more', found, usage);
    }
    return Object.fromEntries(
      names.map((name, index) => [name.replace(/^\[|\]$/g, ''), positionals[index]]),
    );
  });
}

/** Undefined for what is not a mistake of whoever wrote the command line. */
function lineOf(error: unknown): string | undefined {
  if (error instanceof PerihelionError) return `${error.code}: ${error.message}`;
  if (!(error instanceof TypeError) || !('code' in error)) return undefined;
  return String(error.code).startsWith('ERR_PARSE_ARGS') ? error.message : undefined;
}

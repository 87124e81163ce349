// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { PerihelionError } from '#errors';

/**
 * What `read` makes of the command line. A mistake in it is one line on stderr and exit code 2: a
 * bench runs for minutes to hours, and must not begin with a number that is none.
 *
 * @param bench its name, which begins the line
 */
export function orExit<T>(bench: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const line = lineOf(error);
    if (line === undefined) throw error;
    process.stderr.write(`${bench}: ${line}\n`);
    process.exit(2);
  }
}

/** The flags of this process; exit code 2 with one line where one is unknown or lacks its value. */
export function flagsOrExit<const T extends ParseArgsOptionsConfig>(bench: string, options: T) {
  return orExit(bench, () => parseArgs({ options, allowPositionals: false }).values);
}

/** Undefined for what is not a mistake of whoever wrote the command line. */
function lineOf(error: unknown): string | undefined {
  if (error instanceof PerihelionError) return `${error.code}: ${error.message}`;
  if (!(error instanceof TypeError) || !('code' in error)) return undefined;
  return String(error.code).startsWith('ERR_PARSE_ARGS') ? error.message : undefined;
}

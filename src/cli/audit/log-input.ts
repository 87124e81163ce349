// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { InputError } from '#errors';
import { linesOf, type LocatedLine, logFiles, readLocatedLog } from '#audit/read.ts';
import type { Terminal } from '#cli/command/command.ts';
import { patientProgress } from '#cli/terminal/patience.ts';

/** Stands for standard input in place of a file. */
const STANDARD_INPUT = '-';

/** An audit log that a person has named. */
export interface LogInput {
  /** Files that it is made of, oldest first; `-` for standard input. */
  readonly files: readonly string[];
  /** Bytes in all files; undefined where that is not known. */
  readonly bytes: number | undefined;
  /** Its lines, oldest first. */
  lines(): AsyncIterable<LocatedLine>;
}

/**
 * Opens an audit log: FILE and the files that were rotated out of it, or `-` for standard input.
 *
 * @param field what the person gave the path as, for the message
 * @throws InputError when there is nothing to read
 */
export async function openLog(path: string, terminal: Terminal, field = 'FILE'): Promise<LogInput> {
  if (path === STANDARD_INPUT) return standardInput(terminal, field);
  let files: readonly string[];
  let bytes = 0;
  try {
    files = await logFiles(path);
    for (const file of files) bytes += (await stat(file)).size;
  } catch (error) {
    throw unreadable(path, error, field);
  }
  if (files.length === 0) throw unreadable(path, { code: 'ENOENT' }, field);
  return {
    files,
    bytes,
    async *lines() {
      try {
        yield* readLocatedLog(path);
      } catch (error) {
        throw unreadable(path, error, field);
      }
    },
  };
}

/**
 * The lines of a log, with a bar on standard error once reading takes two seconds.
 *
 * @param elapsed a monotonic clock in milliseconds
 */
export async function* watchedLines(
  input: LogInput,
  terminal: Terminal,
  elapsed: () => number,
): AsyncGenerator<LocatedLine> {
  const progress = patientProgress(terminal, elapsed);
  let read = 0;
  try {
    for await (const line of input.lines()) {
      read += Buffer.byteLength(line.text) + 1;
      if (input.bytes !== undefined) progress.update(read / input.bytes, line.file);
      yield line;
    }
  } finally {
    progress.end();
  }
}

function standardInput({ stdin }: Terminal, field: string): LogInput {
  if (stdin === undefined) throw unreadable(STANDARD_INPUT, { code: 'no standard input' }, field);
  return {
    files: [STANDARD_INPUT],
    bytes: undefined,
    async *lines() {
      let number = 0;
      for await (const text of linesOf(stdin)) {
        number += 1;
        yield { file: STANDARD_INPUT, number, text };
      }
    },
  };
}

function unreadable(path: string, error: unknown, field: string): Error {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string') return error as Error;
  const expected = `a readable audit log (${code})`;
  return new InputError('PERI_SETTINGS_INVALID', field, path, expected);
}
